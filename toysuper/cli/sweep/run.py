"""``toysuper sweep``: one run of ``fit`` for each point of axes over the config's keys.

The grid of a config trains all its models at once, which is faster; a sweep is for keys that a
grid cannot vary: sizes, optimisers, trainers. Any number of processes can work on one sweep. A
sweep that is started again skips the points that are done, goes on with those that were killed,
and tries those that failed again.
"""

import argparse
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import yaml

from toysuper.cli.help import make_parser
from toysuper.cli.sweep.sweep import Sweep
from toysuper.errors import UserError


def main(args: list[str]) -> None:
    """Sweep in this process or by jobs of SLURM; exit with code 1 if a point failed."""
    options, fit = make_sweep_parser().parse_known_args(args)
    if not options.axis:
        raise UserError("a sweep needs an axis: --axis 'model.variant.hidden=[2, 3]'")
    sweep = Sweep(options, fit)
    if options.slurm:
        _submit(sweep, args, yaml.safe_load(options.slurm))
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ThreadPoolExecutor(options.jobs) as workers:
        try:
            list(workers.map(sweep.work, range(options.jobs)))
        except KeyboardInterrupt:
            sweep.stop()
            sys.exit("toysuper: stopped; the same command goes on")
    if not sweep.report():
        sys.exit(1)


def make_sweep_parser() -> argparse.ArgumentParser:
    """Make the parser of the sweep's own options."""
    parser = make_parser("sweep", __doc__, epilog="All other arguments are passed to fit.")
    add = parser.add_argument
    add(
        "--axis",
        action="append",
        default=[],
        metavar="KEY=VALUES",
        help="'model.variant.hidden=[2, 3]'; a range: {low: 1, high: 9}",
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
    return parser


def _submit(sweep: Sweep, args: list[str], settings: Any) -> None:
    """Submit jobs to SLURM, each of which works on the sweep.

    Args:
        sweep: the sweep.
        args: its command line.
        settings: settings of the jobs, as submitit names them.
    """
    try:
        import submitit
    except ImportError as error:
        raise UserError("--slurm needs submitit: pip install submitit") from error
    if not isinstance(settings, dict):
        raise UserError(f"--slurm '{settings}' is no mapping; write '{{timeout_min: 60}}'")
    cluster = settings.pop("cluster", None)
    executor = submitit.AutoExecutor(sweep.folder / "slurm", cluster=cluster)
    executor.update_parameters(**settings)
    command = [sys.executable, "-m", "toysuper", "sweep", *_drop_options(args, "--slurm", "--jobs")]
    jobs = [
        executor.submit(submitit.helpers.CommandFunction(command))
        for _ in range(sweep.options.jobs)
    ]
    print(f"submitted {', '.join(job.job_id for job in jobs)}; toysuper collect {sweep.folder}")


def _drop_options(args: list[str], *flags: str) -> Iterator[str]:
    """Yield the arguments without these options and their values."""
    remaining = iter(args)
    for arg in remaining:
        if arg in flags:
            next(remaining, None)
        elif arg.partition("=")[0] not in flags:
            yield arg
