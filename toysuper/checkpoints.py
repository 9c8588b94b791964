"""Checkpoints are written whole, and those from elsewhere are looked at before use."""

import io
import pickle
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import torch
from lightning.pytorch.plugins import TorchCheckpointIO
from torch import Tensor

from toysuper.errors import UserError
from toysuper.files import write_whole


class WholeCheckpoints(TorchCheckpointIO):
    """Checkpoints that a full disk or a kill leaves as they were."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, *_: Any, **__: Any) -> None:
        """Write beside the path, then move into place."""
        content = io.BytesIO()
        torch.save(checkpoint, content)
        write_whole(Path(path), content.getvalue())


def readable(path: str) -> dict[str, Any]:
    """Check that a file is a checkpoint of toysuper, loading weights and plain values only.

    Raises:
        UserError: it is absent, unreadable, or something else's.
    """
    if not Path(path).is_file():
        raise UserError(f"--ckpt_path '{path}' is not a file; give the path of a .ckpt file")
    try:
        checkpoint = torch.load(path, weights_only=True, map_location="meta")
    except (pickle.UnpicklingError, RuntimeError, EOFError, BadZipFile, ValueError) as error:
        reason = str(error).strip().splitlines()[0][:120]
        raise UserError(f"--ckpt_path '{path}' cannot be read as a checkpoint: {reason}") from error
    checkpoint = checkpoint if isinstance(checkpoint, dict) else {}
    refuse_foreign(checkpoint)
    return checkpoint


def refuse_foreign(checkpoint: dict[str, Any], own: dict[str, Tensor] | None = None) -> None:
    """Check who wrote a checkpoint and, given the model's own state, whether it fits.

    Raises:
        UserError: it is something else's, or of another size.
    """
    if "toysuper" not in checkpoint:
        raise UserError("the checkpoint was not written by toysuper; train a model first")
    theirs, ours = (
        {name: tuple(value.shape) for name, value in (state or {}).items()}
        for state in (checkpoint["state_dict"], own)
    )
    if own is not None and theirs != ours:
        raise UserError(
            f"the checkpoint holds {theirs} and this config builds {ours}; "
            "use the config of its run"
        )
