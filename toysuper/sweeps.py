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
from contextlib import contextmanager
from csv import DictReader
from dataclasses import dataclass
from hashlib import blake2b
from itertools import product
from json import dumps
from math import isfinite, prod
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
    try:
        given = yaml.safe_load(value)
        if isinstance(given, list) and given and key:
            return Axis(key, tuple(dict.fromkeys(map(_text, given))))
        if isinstance(given, dict) and key and given["low"] < given["high"]:
            return Axis(key, **given)
    except (yaml.YAMLError, TypeError, KeyError):
        pass
    raise UserError(
        f"--axis '{text}' is neither a list nor a range; write "
        "model.hidden=[2, 3] or 'model.init={low: 0.01, high: 1.0, log: true}'"
    )


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
        experiment = configs.expand(["fit", *configs.allowed(fit)[0]])[1]
        self.folder = ROOT / (options.name or f"{experiment}_sweep")
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
        same = {"fit": self.fit, "keys": [axis.key for axis in self.axes]}
        known = self.study.user_attrs.get("sweep", same)
        if known != same:
            raise UserError(
                f"{self.folder} is a sweep of {known['keys']} with {' '.join(known['fit'])}; "
                "give this one a --name of its own"
            )
        self.study.set_user_attr("sweep", same)

    def _queue(self) -> None:
        """List every point that is neither done nor being worked on."""
        for trial in self._trials("RUNNING"):
            if not self._is_held(trial.params):
                self.study.tell(trial.number, state=_state("FAIL"))
        if self.options.trials:
            return
        count = prod(len(axis.choices) for axis in self.axes)
        if count > POINTS:
            raise UserError(
                f"{count:,} points are more than {POINTS:,}; let data.grid have some axes"
            )
        done = self._trials("COMPLETE", "RUNNING", "WAITING")
        listed = [trial.system_attrs.get("fixed_params", trial.params) for trial in done]
        for values in product(*(axis.choices for axis in self.axes)):
            point = {axis.key: value for axis, value in zip(self.axes, values, strict=True)}
            if point not in listed:
                self.study.enqueue_trial(point)

    def next(self) -> Any:
        """A point to work on, now ours; None when there is none left."""
        import optuna

        with self.alone():
            everything = self._trials("COMPLETE", "RUNNING")
            searching = len(everything) < (self.options.trials or 0)
            if not searching and not self._trials("WAITING"):
                return None
            self.study.sampler = optuna.samplers.TPESampler(seed=len(self.study.trials))
            trial = self.study.ask()
            values = {axis.key: axis.suggest(trial) for axis in self.axes}
            return trial, values, _hold(self.place(values))

    def place(self, values: dict[str, Any]) -> Path:
        """The folder of a point, called after its values."""
        short = [key.rpartition(".")[2] for key in values]
        keys = short if len(set(short)) == len(short) else list(values)
        name = ",".join(f"{k}={v}" for k, v in zip(keys, values.values(), strict=True))
        plain = re.sub(r"[^\w=,.+-]", "_", name)[:80]
        tail = "" if plain == name else f"-{blake2b(name.encode(), digest_size=4).hexdigest()}"
        return self.folder / f"{plain}{tail}"

    def work(self, _: int = 0) -> None:
        """Train at one point after another until none is left."""
        while found := self.next():
            trial, values, lock = found
            with lock:
                begin, value = time.monotonic(), self._train(values, lock)
                self.study.tell(trial, value, state=_state("FAIL") if value is None else None)
            place = self.place(values)
            ended = f"failed: {_last_line(place)}" if value is None else f"{value:.4g}"
            print(f"{place.name}: {ended} ({time.monotonic() - begin:.0f} s)", flush=True)

    def _train(self, values: dict[str, str], lock: Any) -> float | None:
        """What the sweep would minimise, after a run that starts or goes on."""
        place = self.place(values)
        settings = [f"--{key}={value}" for key, value in values.items()]
        root = f"--trainer.default_root_dir={place}"
        command = [sys.executable, "-m", "toysuper", "fit", *self.fit, *settings, root]
        threads = max(1, (os.cpu_count() or 1) // self.options.jobs)
        with (place / "output.txt").open("w") as output:
            ended = subprocess.run(
                [*command, "--ckpt_path=last"],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={"OMP_NUM_THREADS": str(threads), **os.environ},
                pass_fds=[lock.fileno()],  # its heir, should this process be killed
            )
        tables = sorted(place.glob("*/version_*/instances.csv"))
        if ended.returncode or not tables:
            return None
        return _mean(tables[-1], self.options.minimize)

    def _is_held(self, values: dict[str, Any]) -> bool:
        try:
            with _hold(self.place({k: str(v) for k, v in values.items()})):
                return False
        except BlockingIOError:
            return True

    def _trials(self, *states: str) -> list[Any]:
        return self.study.get_trials(deepcopy=False, states=tuple(map(_state, states)))

    def report(self) -> bool:
        """Write the table of all runs, say how many ended, and whether all did."""
        done, running, failed = (
            {str(trial.params) for trial in self._trials(state)}
            for state in ("COMPLETE", "RUNNING", "FAIL")
        )
        failed -= done | running
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
        list(workers.map(sweep.work, range(options.jobs)))
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
    place.mkdir(exist_ok=True)
    file = (place / ".lock").open("w")
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return file


def _last_line(place: Path) -> str:
    lines = (place / "output.txt").read_text().strip().splitlines()
    return f"{lines[-1] if lines else 'it said nothing'} ({place / 'output.txt'})"


def _mean(table: Path, column: str) -> float | None:
    with table.open() as rows:
        values = [float(row.get(column) or "nan") for row in DictReader(rows)]
    finite = [value for value in values if isfinite(value)]
    return sum(finite) / len(finite) if finite else None
