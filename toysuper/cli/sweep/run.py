"""``toysuper sweep``: one run of ``fit`` for each point of axes over the config's keys.

The grid of a config trains its models at once and comes first; a sweep is for what a grid cannot
vary: sizes, optimisers, trainers. Optuna keeps the list of points, which any number of processes
work off; each leaves what is done, goes on with what was killed, and tries again what failed.
"""

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import yaml

from toysuper.cli.help import light
from toysuper.cli.sweep.sweep import Sweep
from toysuper.errors import UserError

AXIS = "'model.hidden=[2, 3]', or a range to search: 'model.clip={low: 0.1, high: 9}'"


def main(args: list[str]) -> None:
    """Sweep, here or by jobs of SLURM; exit code 1 if a point failed."""
    options, fit = parser().parse_known_args(args)
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


def parser() -> argparse.ArgumentParser:
    """Of the options that are the sweep's own."""
    made = light("sweep", __doc__, epilog="Everything else is given to fit.")
    add = made.add_argument
    add(
        "--axis",
        action="append",
        default=[],
        metavar="KEY=VALUES",
        help="'model.hidden=[2, 3]'; a range: {low: 1, high: 9}",
    )
    add("--jobs", type=int, default=1, help="runs at once (default: 1)")
    add("--name", help="the folder of the sweep in runs (default: <experiment>_sweep)")
    add("--trials", type=int, help="how many points to try where an axis is a range")
    add("--minimize", default="held_out_loss", help="column of instances.csv that a search lowers")
    add(
        "--slurm",
        metavar="SETTINGS",
        help="submit the jobs: {slurm_partition: gpu, timeout_min: 60}",
    )
    return made


def _submit(sweep: Sweep, args: list[str], settings: Any) -> None:
    """Let jobs of SLURM work the points off."""
    try:
        import submitit
    except ImportError as error:
        raise UserError("--slurm needs submitit: pip install submitit") from error
    if not isinstance(settings, dict):
        raise UserError(f"--slurm '{settings}' is no mapping; write '{{timeout_min: 60}}'")
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
