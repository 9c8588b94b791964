"""Entry point of ``toysuper`` and ``python -m toysuper``."""

import os
import sys
from importlib import import_module
from pathlib import Path
from signal import SIGINT
from typing import NoReturn

from toysuper import __version__
from toysuper.callbacks.waiting import Waiting
from toysuper.cli.configs import PACKAGE, bundled_configs
from toysuper.cli.help import HELP, VERBS, short_help
from toysuper.errors import SIGNALLED, UserError, did_you_mean, one_line, printable

SPIN_COUNT = "3000"
"""How often an idle thread looks for work before it sleeps; 3000 times take some 10 µs.

By default GNU OpenMP looks for milliseconds, which takes the processor from other processes: two
runs at once were up to a hundred times slower.
"""

COMMANDS = {
    "collect": "toysuper.cli.collect",
    "completion": "toysuper.cli.completion",
    "configs": "toysuper.cli.configs",
    "report": "toysuper.cli.report.write",
    "sweep": "toysuper.cli.sweep.run",
}
"""Modules of the commands that train nothing by themselves; they do not import torch."""


def main(args: list[str] | None = None) -> None:
    """Print help and version, or run a command; torch is imported only where it is needed."""
    args = sys.argv[1:] if args is None else args
    if Path.cwd() != PACKAGE.parent:  # there, an uninstalled package may be found by the folder
        os.environ["PYTHONSAFEPATH"] = "1"
    if args in ([], ["-h"], ["--help"]):
        print(HELP, end="")
    elif args == ["--version"]:
        print(f"toysuper {__version__}")
    elif "--help-all" in args:
        _run_lightning([next((arg for arg in args if arg in VERBS), "fit"), "--help"])
    elif args[0] in VERBS and {"-h", "--help"} & set(args[1:]):
        print(short_help(args[0]), end="")
    elif args[0] in COMMANDS:
        _run_command(args[0], args[1:])
    elif args[0] in VERBS or args[0].startswith("-") or args[0] in bundled_configs():
        _run_lightning(args)
    else:
        _refuse_command(args[0])


def _run_command(command: str, args: list[str]) -> None:
    try:
        import_module(COMMANDS[command]).main(args)
    except (UserError, OSError) as error:
        sys.exit(one_line(f"toysuper: {error}"))


def _refuse_command(command: str) -> NoReturn:
    names = (*VERBS, *COMMANDS)
    print(
        printable(
            f"toysuper: there is no command '{command}'.{did_you_mean(command, names)} "
            f"Commands are {', '.join(names)}."
        ),
        file=sys.stderr,
    )
    sys.exit(2)


def _run_lightning(args: list[str]) -> None:
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)  # read when torch is imported
    words = " ".join(args).replace("=", " ")  # configs are read later, after the imports
    Waiting.silent = "--trainer.enable_progress_bar false" in words
    try:
        with Waiting("starting"):
            from toysuper.cli.lightning import main as run_lightning
    except KeyboardInterrupt:
        sys.exit(SIGNALLED + SIGINT)

    run_lightning(args)
