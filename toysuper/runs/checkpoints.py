"""Checkpoints are written whole, and what is wrong with one is seen before it is used."""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

import torch
from lightning.pytorch.plugins import TorchCheckpointIO
from torch import Tensor

from toysuper.errors import UserError
from toysuper.runs.files import write_whole


class WholeCheckpoints(TorchCheckpointIO):
    """Checkpoints that a full disk or a kill leaves as they were; no code is ever loaded.

    Compression loses nothing and takes a tenth away, as weights have few exponents.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, *_: Any, **__: Any) -> None:
        """Write beside the path, then move into place."""
        plain, packed = io.BytesIO(), io.BytesIO()
        torch.save(checkpoint, plain)
        with ZipFile(plain) as source, ZipFile(packed, "w", ZIP_DEFLATED, compresslevel=1) as to:
            for name in source.namelist():
                to.writestr(name, source.read(name))
        write_whole(Path(path), packed.getbuffer())

    def load_checkpoint(
        self, path: Any, *_: Any, weights_only: bool | None = True, **__: Any
    ) -> dict[str, Any]:
        """Tensors, on CPU, and plain values, whatever ``weights_only`` says."""
        return super().load_checkpoint(path, weights_only=True)


def saved(folder: Path) -> list[Path]:
    """The checkpoints in a folder, the latest step first."""
    steps = {path: re.search(r"step=(\d+)", path.name) for path in folder.glob("*.ckpt")}
    found = {path: int(step[1]) for path, step in steps.items() if step}
    return sorted(found, key=lambda path: found[path], reverse=True)


def readable(path: Path) -> dict[str, Any]:
    """Check that a file is a whole checkpoint of toysuper; its tensors stay on disk.

    Raises:
        UserError: it is absent, unreadable, or something else's; one that can be read is offered.
    """
    if not path.is_file():
        raise UserError(f"--ckpt_path '{path}' is not a file; give the path of a .ckpt file")
    checkpoint = _loaded(path)
    if isinstance(checkpoint, Exception):
        reason = (str(checkpoint).strip() or repr(checkpoint)).splitlines()[0][:120]
        others = [other for other in saved(path.parent) if other != path]
        raise UserError(
            f"--ckpt_path '{path}' cannot be read as a checkpoint: {reason}{_offer(others)}"
        )
    checkpoint = checkpoint if isinstance(checkpoint, dict) else {}
    refuse_foreign(checkpoint)
    return checkpoint


def _loaded(path: Path) -> Any:
    try:
        with ZipFile(path) as archive:
            if damaged := archive.testzip():
                return BadZipFile(f"{damaged} is damaged")
        return torch.load(path, weights_only=True, map_location="meta")
    except Exception as error:  # torch and zipfile raise a dozen kinds for damaged files
        return error


def _offer(others: Sequence[Path]) -> str:
    whole = next((path for path in others if not isinstance(_loaded(path), Exception)), None)
    return f"; another one is whole: --ckpt_path '{whole}'" if whole else ""


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
