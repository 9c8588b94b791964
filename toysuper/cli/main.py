"""What ``toysuper`` and ``python -m toysuper`` call; quick where nothing heavy is needed."""

import os
import sys
from importlib import import_module
from typing import NoReturn

from toysuper import __version__
from toysuper.callbacks.waiting import Waiting
from toysuper.cli.configs import known
from toysuper.cli.help import HELP, VERBS, usual
from toysuper.errors import UserError, nearest

SPINS = "3000"
"""Looks for work, some 10 µs, before an idle thread sleeps. GNU OpenMP's usual milliseconds starve
whatever shares the machine: two runs at once were up to a hundred times slower."""

LIGHT = {
    "collect": "toysuper.cli.collect",
    "completion": "toysuper.cli.completion",
    "configs": "toysuper.cli.listing",
    "report": "toysuper.cli.report.command",
    "sweep": "toysuper.cli.sweep.command",
}
"""Where the ``main`` of a command lies that trains nothing by itself and needs no torch."""


def main(args: list[str] | None = None) -> None:
    """Help and version at once; everything else by the command line proper."""
    args = sys.argv[1:] if args is None else args
    if args in ([], ["-h"], ["--help"]):
        print(HELP, end="")
    elif args == ["--version"]:
        print(f"toysuper {__version__}")
    elif "--help-all" in args:
        _proper([next((arg for arg in args if arg in VERBS), "fit"), "--help"])
    elif args[0] in VERBS and {"-h", "--help"} & set(args[1:]):
        print(usual(args[0]), end="")
    elif args[0] in LIGHT:
        _light(args[0], args[1:])
    elif args[0] in VERBS or args[0].startswith("-") or args[0] in known():
        _proper(args)
    else:
        _refuse(args[0])


def _light(command: str, args: list[str]) -> None:
    try:
        import_module(LIGHT[command]).main(args)
    except (UserError, OSError) as error:
        sys.exit(f"toysuper: {error}")


def _refuse(command: str) -> NoReturn:
    names = (*VERBS, *LIGHT)
    known = f"Commands are {', '.join(names)}."
    said = f"there is no command '{command}'.{nearest(command, names)} {known}"
    print(f"toysuper: {said}", file=sys.stderr)
    sys.exit(2)


def _proper(args: list[str]) -> None:
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", SPINS)  # read when torch is imported
    given = " ".join(args).replace("=", " ")  # the config is read after this
    Waiting.silent = "--trainer.enable_progress_bar false" in given
    with Waiting("starting"):
        from toysuper.cli.lightning import main as run

    run(args)
