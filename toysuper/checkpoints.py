"""Checkpoints from elsewhere are looked at before anything else happens."""

import pickle
from pathlib import Path
from zipfile import BadZipFile

import torch

from toysuper.errors import UserError


def readable(path: str) -> None:
    """Check that a file is a checkpoint of toysuper, loading weights and plain values only.

    Raises:
        UserError: it is absent, unreadable, or something else's.
    """
    if path in ("last", "best", "hpc", "registry"):
        return
    if not Path(path).is_file():
        raise UserError(f"--ckpt_path '{path}' is not a file; give the path of a .ckpt file")
    try:
        checkpoint = torch.load(path, weights_only=True, map_location="meta")
    except (pickle.UnpicklingError, RuntimeError, EOFError, BadZipFile, ValueError) as error:
        reason = str(error).strip().splitlines()[0][:120]
        raise UserError(f"--ckpt_path '{path}' cannot be read as a checkpoint: {reason}") from error
    if not isinstance(checkpoint, dict) or "toysuper" not in checkpoint:
        raise UserError(f"--ckpt_path '{path}' was not written by toysuper; train a model first")
