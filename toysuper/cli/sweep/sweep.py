"""Train at each point of a sweep."""

import argparse
import os
import subprocess
import sys
import time
from math import inf, isfinite
from pathlib import Path
from typing import Any

from toysuper.cli.arguments import pop_allow_flags, resolve_config_args
from toysuper.cli.collect import collect, read_csv, write_table
from toysuper.cli.location import ROOT, list_settings
from toysuper.cli.sweep.axis import parse_axis
from toysuper.cli.sweep.points import Point, PointList, hash_of
from toysuper.cli.sweep.storage import descriptors
from toysuper.errors import UserError, printable
from toysuper.runs.files import refuse_links


class Sweep:
    """A sweep in its folder ``<root>/<name>``.

    Args:
        options: the sweep's own options; see :func:`toysuper.cli.sweep.run.make_sweep_parser`.
        fit: arguments for every ``toysuper fit``.

    Raises:
        UserError: the options do not fit together, or another sweep has the name.
    """

    def __init__(self, options: argparse.Namespace, fit: list[str]) -> None:
        self.options, self.fit, self.stopping = options, fit, False
        self.running: set[subprocess.Popen] = set()
        axes = [parse_axis(text) for text in options.axis]
        has_range = any(not axis.choices for axis in axes)
        if has_range != bool(options.trials):
            raise UserError("--trials says how many points of a range to try; it needs a range")
        if options.jobs < 1 or (options.trials or 1) < 1:
            raise UserError("--jobs and --trials are at least 1")
        arguments = resolve_config_args(["fit", *pop_allow_flags(fit)[0]])
        self.experiment, root = arguments.experiment, _root_of(arguments.words)
        self.folder = _make_folder(root, options.name or f"{self.experiment}_sweep")
        description = {
            "axes": options.axis if options.trials else [axis.key for axis in axes],
            "fit": fit,
            "configs": _hash_files(arguments.words),
        }
        self.points = PointList(self.folder, axes, options.trials, description)

    def work(self, _: int = 0) -> None:
        """Train at one point after another until none is left."""
        while not self.stopping and (job := self.points.next()):
            trial, point, lock = job
            with lock:
                begin, value = time.monotonic(), self.train(point, lock)
                if self.stopping:
                    return  # the next sweep takes the point up
                self.points.finish(trial, value)
            folder = self.points.point_folder(point)
            result = f"failed: {_last_line(folder)}" if value is None else f"{value:.4g}"
            seconds = time.monotonic() - begin
            print(printable(f"{folder.name}: {result} ({seconds:.0f} s)"), flush=True)

    def train(self, point: Point, lock: Any) -> float | None:
        """Start or go on with the run of a point.

        Args:
            point: value of each axis.
            lock: lock of the point, which the run holds, too.

        Returns:
            What the search minimises; None if the run fails.
        """
        folder = self.points.point_folder(point)
        settings = [f"--{key}={value}" for key, value in point.items()]
        root = f"--trainer.default_root_dir={folder}"
        command = [sys.executable, "-m", "toysuper", "fit", *self.fit, *settings, root]
        threads = max(1, (os.cpu_count() or 1) // self.options.jobs)
        (folder / "output.txt").unlink(missing_ok=True)
        with (folder / "output.txt").open("xb") as output:  # never follows a link
            run = subprocess.Popen(
                [*command, "--ckpt_path=last"],
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=descriptors(lock),
                env={"OMP_NUM_THREADS": str(threads), **os.environ},
            )
        return None if self._wait(run) else self._mean(folder / self.experiment / "0")

    def _wait(self, run: subprocess.Popen) -> int:
        self.running.add(run)
        if self.stopping:
            run.terminate()
        code = run.wait()
        self.running.discard(run)
        return code

    def stop(self) -> None:
        """Let the runs save their weights and end, and begin no other point."""
        self.stopping = True
        for run in [*self.running]:
            run.terminate()

    def _mean(self, run: Path) -> float | None:
        """Average the column to minimise; infinite if a model diverged, None without a table."""
        column, rows = self.options.minimize, read_csv(run, "instances.csv")
        if not rows:
            return None
        if self.options.trials and column not in rows[0]:
            raise UserError(f"--minimize {column} is no column of {run}: {', '.join(rows[0])}")
        mean = sum(float(row.get(column, "nan")) for row in rows) / len(rows)
        return mean if isfinite(mean) else inf

    def report(self) -> bool:
        """Write the table of all runs, print the counts, and return whether no point failed."""
        done, running = self.points.points("COMPLETE"), self.points.points("RUNNING")
        failed = self.points.points("FAIL").keys() - done.keys() - running.keys()
        print(f"{len(done)} points done, {len(failed)} failed, {len(running)} running elsewhere")
        if done:
            table = self.folder / "collected.csv"
            with self.points.lock():
                write_table(table, collect(self.folder))
            print(printable(f"wrote {table}"))
        return not failed


def _root_of(words: list[str]) -> Path:
    """Return the root of runs that the command line names, or the usual one."""
    settings = [s for s in list_settings(words) if s.keys == ("trainer", "default_root_dir")]
    chosen = [s.value for s in settings if s.location == "command line" and s.value]
    return Path(chosen[-1] if chosen else ROOT)


def _make_folder(root: Path, name: str) -> Path:
    if Path(name).name != name:
        raise UserError(f"--name '{name}' is not the plain name of a folder in {root}")
    refuse_links(root, root / name)
    (root / name).mkdir(parents=True, exist_ok=True)
    refuse_links(root, *(root / name).iterdir())
    return root / name


def _hash_files(words: list[str]) -> list[str]:
    paths = [Path(word.removeprefix("--config=")) for word in words]
    return [hash_of(path.read_bytes()) for path in paths if path.is_file()]


def _last_line(folder: Path) -> str:
    path = folder / "output.txt"
    lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f"{lines[-1] if lines else 'no output'} ({path})"
