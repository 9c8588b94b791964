"""What a notebook or a script calls: train an experiment, or load a run."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from toysuper.callbacks.waiting import Waiting
from toysuper.cli.lightning import run
from toysuper.cli.parser import BadArguments
from toysuper.errors import UserError
from toysuper.runs.checkpoints import list_checkpoints
from toysuper.snapshot import Snapshot

QUIET = {
    "trainer.logger": False,
    "trainer.enable_progress_bar": False,
    "figures.draw": [],
    "figures.animate": [],
    "claims.check": [],
}
"""Nothing is written or printed; figures and claims are for the caller to call."""


def fit(
    config: str | Path, settings: Mapping[str, Any] | None = None, allow: Sequence[str] = ()
) -> Snapshot:
    """Train as ``toysuper fit --config CONFIG`` does, write nothing, and return the trained models.

    Args:
        config: name of an experiment, or path of a YAML file.
        settings: values that replace the config's, by dotted key as on the command line.
        allow: packages of yours that the config may import.

    Raises:
        UserError: the config or a setting is wrong.

    >>> snapshot = fit("intro", {"trainer.max_steps": 2, "model.jit": False})
    >>> snapshot
    Snapshot(ReLUOutputModel, 72 instances, n=5, step=2)
    """
    settings = settings or {}
    for key in settings.keys() & QUIET.keys():
        raise UserError(
            f"toysuper.fit writes and prints nothing, so it takes no '{key}'; call figures and "
            "claims on the Snapshot that it returns, or use the command toysuper fit"
        )
    return _snapshot("fit", config, {**settings, **QUIET}, allow)


def load(folder: str | Path, allow: Sequence[str] = ()) -> Snapshot:
    """Load the newest checkpoint of a run and measure its held-out losses.

    Args:
        folder: the run, such as ``runs/intro/0``.
        allow: packages of yours that the run's config may import.

    Raises:
        UserError: there is no config or no checkpoint, or the config is wrong.
    """
    folder = Path(folder)
    checkpoint = next(iter(list_checkpoints(folder / "checkpoints")), None)
    if checkpoint is None:
        raise UserError(f"'{folder}' holds no checkpoint; give the folder of a run")
    settings = {"ckpt_path": str(checkpoint), "verbose": False, **QUIET}
    settings["trainer.default_root_dir"] = str(folder)  # nothing is written
    return _snapshot("validate", folder / "config.yaml", settings, allow)


def _snapshot(
    verb: str, config: str | Path, settings: Mapping[str, Any], allow: Sequence[str]
) -> Snapshot:
    words = [verb, "--config", str(config), *(f"--allow={package}" for package in allow)]
    words += [f"--{key}={_text(value)}" for key, value in settings.items()]
    silent = Waiting.silent
    try:
        cli = run(words)
    except (BadArguments, UserError) as error:
        sentence = getattr(error, "sentence", str(error)).replace(" (command line)", "")
        in_python = re.sub(r"add --allow ([\w.]+\w)", r'pass allow=["\1"]', sentence)
        raise UserError(in_python) from None
    finally:
        Waiting.silent = silent
    return cli.model.snapshot(cli.datamodule)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
