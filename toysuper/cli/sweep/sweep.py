"""The points of a sweep, on Optuna's storage, and their runs."""

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from csv import DictReader
from hashlib import blake2b
from itertools import product
from json import dumps
from math import inf, isfinite, prod
from pathlib import Path
from typing import Any

from filelock import FileLock

from toysuper.cli import configs
from toysuper.cli.collect import collect, write_table
from toysuper.cli.sweep.axis import axis_of
from toysuper.cli.sweep.storage import hold, state, study
from toysuper.errors import UserError
from toysuper.runs.files import refuse_links

ROOT = Path("runs")
POINTS = 10_000
"""The most runs of a sweep."""
POINT = "point"
"""Under which a trial keeps what its axes are, as the command line takes it."""


class Sweep:
    """The points of a sweep and its folder ``runs/<name>``.

    Raises:
        UserError: the options do not fit together, or the name is of another sweep.
    """

    def __init__(self, options: argparse.Namespace, fit: list[str]) -> None:
        self.options, self.fit = options, fit
        self.axes = [axis_of(text) for text in options.axis]
        ranges = [axis.key for axis in self.axes if not axis.choices]
        if bool(ranges) != bool(options.trials):
            raise UserError("--trials says how many points of a range to try; it needs a range")
        if options.jobs < 1 or (options.trials or 1) < 1:
            raise UserError("--jobs and --trials are at least 1")
        expanded, experiment = configs.expand(["fit", *configs.allowed(fit)[0]])
        name = options.name or f"{experiment}_sweep"
        if Path(name).name != name:
            raise UserError(f"--name '{name}' is not the plain name of a folder in {ROOT}")
        files = [Path(arg.removeprefix("--config=")) for arg in expanded]
        self.content = [_hash(path.read_bytes()) for path in files if path.is_file()]
        self.asked, self.stopping = 0, False
        self.folder = ROOT / name
        refuse_links(ROOT, self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.alone():
            self.study = study(self.folder / "optuna.log")
            self._refuse_another()
            self._queue()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only one that changes the list of points."""
        with FileLock(self.folder / ".lock"):
            yield

    def _refuse_another(self) -> None:
        axes = self.options.axis if self.options.trials else [axis.key for axis in self.axes]
        same = {"axes": axes, "fit": self.fit, "configs": self.content}
        known = self.study.user_attrs.get("sweep", same)
        if known != same:
            what = next(key for key in same if known[key] != same[key])
            raise UserError(
                f"{self.folder} is a sweep with other {what} ({known[what]}, not {same[what]}); "
                "give this one a --name of its own"
            )
        self.study.set_user_attr("sweep", same)

    def _queue(self) -> None:
        """List every point that is neither done nor being worked on."""
        for trial in self._trials("RUNNING"):
            if not self._is_held(trial):
                self.study.tell(trial.number, state=state("FAIL"))
                if self.options.trials and trial.params:
                    self.study.enqueue_trial(trial.params)
        if self.options.trials:
            return
        count = prod(len(axis.choices) for axis in self.axes)
        if count > POINTS:
            raise UserError(
                f"{count:,} points are more than {POINTS:,}; let data.grid have some axes"
            )
        listed = self._points("COMPLETE", "RUNNING", "WAITING").keys()
        for values in product(*(axis.choices for axis in self.axes)):
            point = {axis.key: value for axis, value in zip(self.axes, values, strict=True)}
            if _key(point) not in listed:
                self.study.enqueue_trial({}, user_attrs={POINT: point})

    def next(self) -> Any:
        """A trial, its point and the lock that makes it ours; None when there is none left."""
        while not self.stopping:
            with self.alone():
                tried = len(self._trials("COMPLETE", "RUNNING", "WAITING"))
                new = max(tried, self.asked) < (self.options.trials or 0)
                if not new and not self._trials("WAITING"):
                    return None
                trial, point = self._ask()
                try:
                    return trial, point, hold(ROOT, self.place(point))
                except BlockingIOError:  # a search has come to a point that is being worked on
                    self.study.tell(trial, state=state("PRUNED"))
        return None

    def _ask(self) -> tuple[Any, dict[str, str]]:
        import optuna

        self.study.sampler = optuna.samplers.TPESampler(seed=len(self.study.trials))
        trial = self.study.ask()
        if self.options.trials:
            self.asked += 1
            trial.set_user_attr(POINT, {axis.key: axis.suggest(trial) for axis in self.axes})
        return trial, trial.user_attrs[POINT]

    def place(self, values: dict[str, Any]) -> Path:
        """The folder of a point, called after its values."""
        short = [key.rpartition(".")[2] for key in values]
        keys = short if len(set(short)) == len(short) else list(values)
        name = ",".join(f"{k}={v}" for k, v in zip(keys, values.values(), strict=True))
        plain = re.sub(r"[^\w=,.+-]", "_", name)[:80]
        tail = "" if plain == name else f"-{_hash(name.encode())}"
        return self.folder / f"{plain}{tail}"

    def work(self, _: int = 0) -> None:
        """Train at one point after another until none is left."""
        while found := self.next():
            trial, point, lock = found
            with lock:
                begin, value = time.monotonic(), self.train(point, lock)
                if self.stopping:
                    return  # left to be taken up
                self.study.tell(trial, value, state=state("FAIL") if value is None else None)
            place = self.place(point)
            ended = f"failed: {_last_line(place)}" if value is None else f"{value:.4g}"
            print(f"{place.name}: {ended} ({time.monotonic() - begin:.0f} s)", flush=True)

    def train(self, values: dict[str, str], lock: Any) -> float | None:
        """What the sweep would minimise, after a run that starts or goes on; None if it fails."""
        place = self.place(values)
        settings = [f"--{key}={value}" for key, value in values.items()]
        root = f"--trainer.default_root_dir={place}"
        command = [sys.executable, "-m", "toysuper", "fit", *self.fit, *settings, root]
        threads = max(1, (os.cpu_count() or 1) // self.options.jobs)
        (place / "output.txt").unlink(missing_ok=True)  # and no link is followed
        with (place / "output.txt").open("x") as output:
            ended = subprocess.run(
                [*command, "--ckpt_path=last"],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={"OMP_NUM_THREADS": str(threads), **os.environ},
                pass_fds=[lock.fileno()],  # its heir, should this process be killed
            )
        tables = list(place.glob("*/0/instances.csv"))
        return self._mean(tables[0]) if tables and not ended.returncode else None

    def _mean(self, table: Path) -> float:
        """The mean of the column to minimise; infinite where a model diverged."""
        column = self.options.minimize
        with table.open() as lines:
            rows = list(DictReader(lines))
        if self.options.trials and column not in rows[0]:
            raise UserError(f"--minimize {column} is not a column of {table}: {', '.join(rows[0])}")
        mean = sum(float(row.get(column, "nan")) for row in rows) / len(rows)
        return mean if isfinite(mean) else inf

    def _is_held(self, trial: Any) -> bool:
        try:
            with hold(ROOT, self.place(trial.user_attrs[POINT])):
                return False
        except KeyError:  # killed before it had a point
            return False
        except BlockingIOError:
            return True

    def _points(self, *states: str) -> dict[str, dict[str, str]]:
        """The different points of trials in these states."""
        found = (trial.user_attrs.get(POINT) for trial in self._trials(*states))
        return {_key(point): point for point in found if point}

    def _trials(self, *states: str) -> list[Any]:
        return self.study.get_trials(deepcopy=False, states=tuple(map(state, states)))

    def report(self) -> bool:
        """Write the table of all runs, say how many ended, and whether all did."""
        done, running = self._points("COMPLETE"), self._points("RUNNING")
        failed = self._points("FAIL").keys() - done.keys() - running.keys()
        print(f"{len(done)} points done, {len(failed)} failed, {len(running)} running elsewhere")
        if done:
            table = self.folder / "collected.csv"
            with self.alone():
                write_table(table, collect(self.folder))
            print(f"wrote {table}")
        return not failed


def _key(point: dict[str, str]) -> str:
    return dumps(point, sort_keys=True)


def _hash(content: bytes) -> str:
    return blake2b(content, digest_size=4).hexdigest()


def _last_line(place: Path) -> str:
    lines = (place / "output.txt").read_text().strip().splitlines()
    return f"{lines[-1] if lines else 'it said nothing'} ({place / 'output.txt'})"
