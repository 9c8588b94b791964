"""What surrounds a run of LightningCLI: its errors, its imports, its warnings."""

import logging
import os
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from jsonargparse import set_parsing_settings

from toysuper.cli.messages import IMPORTABLE, explain_exception, explain_message
from toysuper.errors import UserError, own_frames, printable
from toysuper.names import RUNNING, importing_only
from toysuper.training.sharding import has_lost_peer

ADVERTS = (
    "litlogger",
    "litmodels",
    "LeafSpec",
    "TPU available",
    "GPU available",
    "` stopped: `",
    "Loaded model",
)
"""Parts of the lines of Lightning's that are dropped."""
FORMAT = warnings.formatwarning
"""Lightning's own, which leaves control characters as they are."""


@contextmanager
def config_errors(words: Sequence[str]) -> Iterator[None]:
    """Report any error while the objects of a config are made as an error of the config.

    Args:
        words: the command line, for the location in a message.
    """
    try:
        yield
    except Exception as error:
        if "Does not validate against" in str(error):  # an argument of one of several types
            raise UserError(explain_message(str(error), (), words)) from error
        if explain_exception(error) is not None or os.environ.get("TOYSUPER_TRACEBACK"):
            raise
        raise UserError(
            f"nothing can be built of this config ({_reason(error)}); TOYSUPER_TRACEBACK=1 shows "
            "where"
        ) from error


def explain_library_error(error: Exception) -> str | None:
    """Return the sentence for an error of the libraries; None where a user's own code takes part.

    Args:
        error: what ended the command.
    """
    if own_frames(error) or os.environ.get("TOYSUPER_TRACEBACK"):
        return None
    if has_lost_peer(error):
        return "another process of this run ended with an error; its message stands above"
    return f"{_reason(error)}; TOYSUPER_TRACEBACK=1 shows where it was raised"


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [""]
    if any(line.startswith("Traceback") for line in lines):  # of another process
        return lines[-1][:300]
    return f"{type(error).__name__}: {lines[0]}"[:300]


@contextmanager
def allow_imports(packages: Sequence[str], folders: Sequence[str] = ()) -> Iterator[None]:
    """Let configs import further packages.

    Args:
        packages: names of the packages.
        folders: searched for the packages, after the working directory; libraries come first.
    """
    set_parsing_settings(
        import_path_denylist=["*", *RUNNING],
        import_path_allowlist=[*IMPORTABLE, *packages],
        instantiate_subclass_spec_in_any=False,
    )
    searched = [os.getcwd(), *folders] if packages else []
    sys.path.extend(searched)
    try:
        with importing_only(packages):
            yield
    finally:
        for folder in searched:
            sys.path.remove(folder)


@contextmanager
def checkpoint_errors() -> Iterator[None]:
    """Report any error while Lightning restores a checkpoint as an error of the checkpoint."""
    try:
        yield
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        is_restoring = any(
            frame.filename.endswith("checkpoint_connector.py") and "restore" in frame.name
            for frame in frames
        )
        if not is_restoring or explain_exception(error) is not None:
            raise
        raise UserError(
            f"the checkpoint is damaged or from another version ({_reason(error)}); name another "
            "one by --ckpt_path"
        ) from error


def _format_warning(message: Warning | str, *args: Any) -> str:
    return FORMAT(printable(str(message)), *args)


def _tell_of_thread(fault: Any) -> None:
    """Leave out the error of a thread that writes a file: the main thread raises it again."""
    if not issubclass(fault.exc_type, OSError):
        threading.__excepthook__(fault)


def hide_adverts() -> None:
    """Drop Lightning's advertisements and the warnings that it gives in every run, nothing else."""
    warnings.formatwarning = _format_warning  # type: ignore[assignment]
    threading.excepthook = _tell_of_thread
    warnings.filterwarnings("ignore", message=r".*isinstance\(treespec, LeafSpec\)")
    for name in ("lightning.pytorch.utilities.rank_zero", "lightning.pytorch"):
        logging.getLogger(name).addFilter(
            lambda record: not any(advert in record.getMessage() for advert in ADVERTS)
        )
