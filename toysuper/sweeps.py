"""``toysuper sweep``: one run of ``fit`` for each point of axes over the config's keys.

The grid of a config trains its models at once and comes first; a sweep is for what a grid cannot
vary: sizes, optimisers, trainers. Optuna keeps the list of points, which any number of processes
work off; each leaves what is done, goes on with what was killed, and tries again what failed.
"""

import argparse
import fcntl
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from csv import DictReader
from dataclasses import dataclass
from hashlib import blake2b
from itertools import product
from json import dumps
from math import inf, isfinite, prod
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock

from toysuper import configs
from toysuper.collect import collect, write_table
from toysuper.errors import UserError
from toysuper.files import refuse_links

ROOT = Path("runs")
POINTS = 10_000
"""The most runs of a sweep."""
POINT = "point"
"""Under which a trial keeps what its axes are, as the command line takes it."""


@dataclass(frozen=True)
class Axis:
    """One key of the config and what it may be: texts to choose from, or a range of numbers."""

    key: str
    choices: tuple[str, ...] = ()
    low: float = 0
    high: float = 0
    log: bool = False

    def suggest(self, trial: Any) -> str:
        """The key's value at a point, as the command line takes it."""
        if self.choices:
            return trial.suggest_categorical(self.key, self.choices)
        whole = isinstance(self.low, int) and isinstance(self.high, int)
        suggest = trial.suggest_int if whole else trial.suggest_float
        return str(suggest(self.key, self.low, self.high, log=self.log))


def axis(text: str) -> Axis:
    """An axis as the command line gives it.

    Raises:
        UserError: it is neither a list of values nor a range.

    >>> axis("model.hidden=[2, 3]").choices
    ('2', '3')
    >>> axis("model.init={low: 0.01, high: 1.0, log: true}").high
    1.0
    """
    key, _, value = text.partition("=")
    with suppress(yaml.YAMLError, ValueError, TypeError, KeyError):
        given = yaml.safe_load(value)
        if isinstance(given, list) and given and key:
            return Axis(key, tuple(dict.fromkeys(map(_text, given))))
        if isinstance(given, dict) and key:
            low, high = _number(given.pop("low")), _number(given.pop("high"))
            log = given.pop("log", False)
            if low < high and (low > 0 or not log) and not given:
                return Axis(key, (), low, high, log)
    raise UserError(
        f"--axis '{text}' is neither a list nor a range; write "
        "model.hidden=[2, 3] or 'model.init={low: 0.01, high: 1.0, log: true}'"
    )


def _number(value: Any) -> float | int:
    """YAML takes 1e-4 for a word."""
    return value if isinstance(value, int) else float(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else dumps(value)


class Sweep:
    """The points of a sweep and its folder ``runs/<name>``.

    Raises:
        UserError: the options do not fit together, or the name is of another sweep.
    """

    def __init__(self, options: argparse.Namespace, fit: list[str]) -> None:
        self.options, self.fit = options, fit
        self.axes = [axis(text) for text in options.axis]
        ranges = [axis.key for axis in self.axes if not axis.choices]
        if bool(ranges) != bool(options.trials):
            raise UserError("--trials says how many points of a range to try; it needs a range")
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
            self.study = _study(self.folder / "optuna.log")
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
                self.study.tell(trial.number, state=_state("FAIL"))
                if self.options.trials and trial.params:
                    self.study.enqueue_trial(trial.params)
        if self.options.trials:
            return
        count = prod(len(axis.choices) for axis in self.axes)
        if count > POINTS:
            raise UserError(
                f"{count:,} points are more than {POINTS:,}; let data.grid have some axes"
            )
        listed = self._points("COMPLETE", "RUNNING", "WAITING")
        for values in product(*(axis.choices for axis in self.axes)):
            point = {axis.key: value for axis, value in zip(self.axes, values, strict=True)}
            if point not in listed:
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
                    return trial, point, _hold(self.place(point))
                except BlockingIOError:  # a search has come to a point that is being worked on
                    self.study.tell(trial, state=_state("PRUNED"))
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
                self.study.tell(trial, value, state=_state("FAIL") if value is None else None)
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
        tables = list(place.glob("*/version_0/instances.csv"))
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
            with _hold(self.place(trial.user_attrs[POINT])):
                return False
        except KeyError:  # killed before it had a point
            return False
        except BlockingIOError:
            return True

    def _points(self, *states: str) -> list[dict[str, str]]:
        """Different points of trials in these states."""
        found = [trial.user_attrs.get(POINT) for trial in self._trials(*states)]
        return [point for k, point in enumerate(found) if point and point not in found[:k]]

    def _trials(self, *states: str) -> list[Any]:
        return self.study.get_trials(deepcopy=False, states=tuple(map(_state, states)))

    def report(self) -> bool:
        """Write the table of all runs, say how many ended, and whether all did."""
        done, running = self._points("COMPLETE"), self._points("RUNNING")
        failed = [point for point in self._points("FAIL") if point not in done + running]
        print(f"{len(done)} points done, {len(failed)} failed, {len(running)} running elsewhere")
        if done:
            table = self.folder / "collected.csv"
            write_table(table, collect(self.folder))
            print(f"wrote {table}")
        return not failed


def main(args: list[str]) -> None:
    """Sweep, here or by jobs of SLURM; exit code 1 if a point failed."""
    options, fit = _parser().parse_known_args(args)
    if not options.axis:
        raise UserError("a sweep needs an axis: --axis 'model.hidden=[2, 3]'")
    sweep = Sweep(options, fit)
    if options.slurm:
        _submit(sweep, args, yaml.safe_load(options.slurm))
        return
    with ThreadPoolExecutor(options.jobs) as workers:
        try:
            list(workers.map(sweep.work, range(options.jobs)))
        except KeyboardInterrupt:
            sweep.stopping = True
            sys.exit("toysuper: stopped; the same command goes on")
    if not sweep.report():
        sys.exit(1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "toysuper sweep",
        description=__doc__,
        epilog="Everything else is given to fit.",
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--axis", action="append", default=[], metavar="KEY=VALUES", help="[2, 3] or {low, high}")
    add("--jobs", type=int, default=1, help="runs at once (default: 1)")
    add("--name", help="the folder of the sweep in runs (default: <experiment>_sweep)")
    add("--trials", type=int, help="how many points to try where an axis is a range")
    add("--minimize", default="held_out_loss", help="column of instances.csv that a search lowers")
    add(
        "--slurm",
        metavar="SETTINGS",
        help="submit the jobs: {slurm_partition: gpu, timeout_min: 60}",
    )
    return parser


def _submit(sweep: Sweep, args: list[str], settings: dict[str, Any]) -> None:
    """Let jobs of SLURM work the points off."""
    try:
        import submitit
    except ImportError as error:
        raise UserError("--slurm needs submitit: pip install submitit") from error
    cluster = settings.pop("cluster", None)
    executor = submitit.AutoExecutor(sweep.folder / "slurm", cluster=cluster)
    executor.update_parameters(**settings)
    command = [sys.executable, "-m", "toysuper", "sweep", *_without(args, "--slurm", "--jobs")]
    jobs = [
        executor.submit(submitit.helpers.CommandFunction(command))
        for _ in range(sweep.options.jobs)
    ]
    print(f"submitted {', '.join(job.job_id for job in jobs)}; toysuper collect {sweep.folder}")


def _without(args: list[str], *flags: str) -> Iterator[str]:
    given = iter(args)
    for arg in given:
        if arg in flags:
            next(given, None)
        elif arg.partition("=")[0] not in flags:
            yield arg


def _study(path: Path) -> Any:
    try:
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend
    except ImportError as error:
        raise UserError("a sweep needs Optuna: pip install optuna") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = JournalStorage(JournalFileBackend(str(path)))
    return optuna.create_study(storage=storage, study_name="toysuper", load_if_exists=True)


def _state(name: str) -> Any:
    from optuna.trial import TrialState

    return TrialState[name]


def _hold(place: Path) -> Any:
    """A file that is ours, or its heirs', until all have closed it."""
    refuse_links(ROOT, place, place / ".point")
    place.mkdir(exist_ok=True)
    file = (place / ".point").open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise
    return file


def _hash(content: bytes) -> str:
    return blake2b(content, digest_size=4).hexdigest()


def _last_line(place: Path) -> str:
    lines = (place / "output.txt").read_text().strip().splitlines()
    return f"{lines[-1] if lines else 'it said nothing'} ({place / 'output.txt'})"
