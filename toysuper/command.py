"""What ``toysuper`` and ``python -m toysuper`` call; quick where nothing heavy is needed."""

import os
import sys

from toysuper import __version__
from toysuper.errors import UserError

SPINS = "3000"
"""Looks for work, some 10 µs, before an idle thread sleeps. GNU OpenMP's usual milliseconds starve
whatever shares the machine: two runs at once were up to a hundred times slower."""

HELP = """usage: toysuper COMMAND --config NAME_OR_FILE [--key value …]

Toy Models of Superposition: one config is one figure of the paper.

commands:
  fit        train the ensemble of a config, then draw, measure and check its claims
  validate   measure a checkpoint on the held-out samples (--ckpt_path FILE)
  test       the same on samples that nothing has seen
  predict    write features and reconstructions
  sweep      one fit for each value of keys that a grid cannot vary
  collect    gather all runs in one table

examples:
  toysuper fit --config intro
  toysuper fit --config demonstrating_superposition --data.seed 1 --trainer.max_steps 20000
  toysuper fit --config my_experiment.yaml --config gpu
  toysuper fit --config intro --ckpt_path last
  toysuper sweep --config intro --axis 'model.hidden=[2, 3]' --jobs 2
  toysuper test --config intro --ckpt_path runs/intro/0/checkpoints/<name>.ckpt

more:
  toysuper fit --help               every setting
  toysuper fit --config intro --print_config   the settings of a config
  tensorboard --logdir runs         what the runs logged
  toysuper --version                the version
"""


def _light(verb: str, args: list[str]) -> None:
    """What trains nothing by itself and needs no torch."""
    if verb == "sweep":
        from toysuper.sweeps.command import main as run
    elif verb == "collect":
        from toysuper.collect import main as run
    elif verb == "report":
        from toysuper.report.command import main as run
    else:
        from toysuper.experiments import main as run
    try:
        run(args)
    except (UserError, OSError) as error:
        sys.exit(f"toysuper: {error}")


def main(args: list[str] | None = None) -> None:
    """Help and version at once; everything else by the command line proper."""
    args = sys.argv[1:] if args is None else args
    if args in ([], ["-h"], ["--help"]):
        print(HELP, end="")
    elif args == ["--version"]:
        print(f"toysuper {__version__}")
    elif args[0] in ("sweep", "collect", "configs", "report"):
        _light(args[0], args[1:])
    else:
        if "OMP_WAIT_POLICY" not in os.environ:
            os.environ.setdefault("GOMP_SPINCOUNT", SPINS)  # read when torch is imported
        from toysuper.cli import main as run  # seconds of imports

        run(args)
