"""The list of a sweep's points, which any number of processes share."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from itertools import product
from json import dumps
from math import prod
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from toysuper.cli.sweep.axis import Axis
from toysuper.cli.sweep.storage import acquire_lock, open_study, trial_state
from toysuper.errors import UserError

MAX_POINTS = 10_000
POINT = "point"
"""Attribute of a trial: the value of each axis, as the command line takes it."""

Point = dict[str, str]


class PointList:
    """The points of a sweep, stored as trials of an Optuna study in the sweep's folder.

    Args:
        folder: folder of the sweep.
        axes: keys that vary.
        trials: number of points to search; None to try every combination of values.
        description: what makes this sweep another than one of the same name.

    Raises:
        UserError: the folder has another sweep, or there are too many points.
    """

    def __init__(
        self, folder: Path, axes: Sequence[Axis], trials: int | None, description: dict[str, Any]
    ) -> None:
        self.folder, self.axes, self.trials, self.suggested = folder, axes, trials, 0
        with self.lock():
            self.study = open_study(folder / "optuna.log")
            self._check_description(description)
            self._free_abandoned()
            if not trials:
                self._add_missing()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Let no other process change the list."""
        with FileLock(self.folder / ".lock"):
            yield

    def _check_description(self, new: dict[str, Any]) -> None:
        saved = self.study.user_attrs.get("sweep", new)
        if saved != new:
            saved = saved if isinstance(saved, dict) else {}
            key = next((key for key in new if saved.get(key) != new[key]), "settings")
            before, now = saved.get(key), new.get(key)
            raise UserError(
                f"{self.folder} is a sweep with other {key} ({before}, not {now}); "
                "give this one a --name of its own"
            )
        self.study.set_user_attr("sweep", new)

    def _free_abandoned(self) -> None:
        """Mark the points of killed processes as failed, so that they are tried again."""
        for trial in self._trials("RUNNING"):
            if not self._is_locked(trial):
                self.study.tell(trial.number, state=trial_state("FAIL"))
                if self.trials and trial.params:
                    self.study.enqueue_trial(trial.params)

    def _is_locked(self, trial: Any) -> bool:
        if POINT not in trial.user_attrs:  # its process was killed before it chose the values
            return False
        try:
            point = self._check_point(trial.user_attrs[POINT])
            with acquire_lock(self.folder.parent, self.point_folder(point)):
                return False
        except Timeout:
            return True

    def _add_missing(self) -> None:
        """Add every combination of values that is neither done nor in the list."""
        count = prod(len(axis.choices) for axis in self.axes)
        if count > MAX_POINTS:
            raise UserError(
                f"{count:,} points are more than {MAX_POINTS:,}; let data.grid have some axes"
            )
        listed = self.points("COMPLETE", "RUNNING", "WAITING").keys()
        for values in product(*(axis.choices for axis in self.axes)):
            point = {axis.key: value for axis, value in zip(self.axes, values, strict=True)}
            if _point_key(point) not in listed:
                self.study.enqueue_trial({}, user_attrs={POINT: point})

    def next(self) -> tuple[Any, Point, Any] | None:
        """Return a trial, its point and the lock of the point; None if there is none left."""
        while True:
            with self.lock():
                if not self._has_more():
                    return None
                trial, point = self._ask()
                try:
                    return trial, point, acquire_lock(self.folder.parent, self.point_folder(point))
                except Timeout:  # the search suggests a point that another process works on
                    self.study.tell(trial, state=trial_state("PRUNED"))

    def _has_more(self) -> bool:
        tried = len(self._trials("COMPLETE", "RUNNING", "WAITING"))
        can_suggest = max(tried, self.suggested) < (self.trials or 0)
        return can_suggest or bool(self._trials("WAITING"))

    def _ask(self) -> tuple[Any, Point]:
        import optuna

        self.study.sampler = optuna.samplers.TPESampler(seed=len(self.study.trials))
        trial = self.study.ask()
        if self.trials:
            self.suggested += 1
            try:
                point = {axis.key: axis.suggest(trial) for axis in self.axes}
            except ValueError as error:  # a stored value that the axis does not have
                raise UserError(f"{self.folder}/optuna.log is damaged: {error}") from error
            trial.set_user_attr(POINT, point)
        return trial, self._check_point(trial.user_attrs.get(POINT))

    def _check_point(self, point: Any) -> Point:
        """Refuse a point that these axes do not have: anyone may have written the file."""
        axes = {axis.key: axis for axis in self.axes}
        is_point = isinstance(point, dict) and point.keys() == axes.keys()
        if not is_point or not all(axes[key].holds(value) for key, value in point.items()):
            raise UserError(
                f"{self.folder}/optuna.log holds the point {point}, which is not one of this "
                "sweep; give the sweep another --name"
            )
        return point

    def finish(self, trial: Any, value: float | None) -> None:
        """Record the value of a point.

        Args:
            trial: the trial that :meth:`next` returned.
            value: what the search minimises; None if the run failed.
        """
        self.study.tell(trial, value, state=trial_state("FAIL") if value is None else None)

    def point_folder(self, point: Point) -> Path:
        """Return the folder of a point, whose name has the point's values."""
        short = [key.rpartition(".")[2] for key in point]
        keys = short if len(set(short)) == len(short) else list(point)
        name = ",".join(f"{k}={v}" for k, v in zip(keys, point.values(), strict=True))
        safe = re.sub(r"[^\w=,.+-]", "_", name)[:80]
        suffix = "" if safe == name else f"-{hash_of(name.encode('utf-8'))}"
        return self.folder / f"{safe}{suffix}"

    def points(self, *states: str) -> dict[str, Point]:
        """Return the different points whose trials are in one of these states of Optuna."""
        points = (trial.user_attrs.get(POINT) for trial in self._trials(*states))
        return {_point_key(self._check_point(point)): point for point in points if point}

    def _trials(self, *states: str) -> list[Any]:
        return self.study.get_trials(deepcopy=False, states=tuple(map(trial_state, states)))


def hash_of(content: bytes) -> str:
    """Return eight letters that differ for different content."""
    return blake2b(content, digest_size=4).hexdigest()


def _point_key(point: Point) -> str:
    return dumps(point, sort_keys=True)
