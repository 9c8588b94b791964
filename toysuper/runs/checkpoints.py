"""Write, list and load checkpoints."""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import gettempdir
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import torch
from lightning.pytorch.plugins import TorchCheckpointIO

from toysuper.errors import UserError, first_line
from toysuper.runs.checkpoint_archive import load_archive
from toysuper.runs.checkpoint_checks import check_checkpoint_fits
from toysuper.runs.checkpoint_content import readable
from toysuper.runs.files import write_atomic

MAX_OTHERS = 3
"""Checkpoints that are tried where one is damaged."""

HANDED_OVER = ".temp.ckpt"
"""What a launcher's process leaves in a temporary folder for the one that started it."""


def is_within_folder(path: Any, folder: Path) -> bool:
    """Whether a path leads into a folder, links followed."""
    return Path(path).resolve().is_relative_to(folder.resolve())


class AtomicCheckpointIO(TorchCheckpointIO):
    """Writes a checkpoint whole or not at all, and loads tensors and plain values, never code.

    Weights have few different exponents, so that compression makes files a tenth smaller.

    Args:
        root: folder outside of which nothing is written or removed.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, *_: Any, **__: Any) -> None:
        """Compress the checkpoint and write it."""
        self._check(path)
        plain, packed = io.BytesIO(), io.BytesIO()
        torch.save(readable(checkpoint), plain)
        with ZipFile(plain) as source, ZipFile(packed, "w", ZIP_DEFLATED, compresslevel=1) as to:
            for name in source.namelist():
                to.writestr(name, source.read(name))
        write_atomic(Path(path), packed.getbuffer())

    def load_checkpoint(
        self, path: Any, *_: Any, weights_only: bool | None = True, **__: Any
    ) -> dict[str, Any]:
        """Load on the CPU, tensors and plain values only, whatever the caller asks for."""
        return load_archive(Path(path))

    def remove_checkpoint(self, path: Any) -> None:
        """Remove a checkpoint of this run."""
        self._check(path)
        super().remove_checkpoint(path)

    def _check(self, path: Any) -> None:
        if Path(path).name == HANDED_OVER and is_within_folder(path, Path(gettempdir())):
            return
        if not is_within_folder(path, self.root):
            raise UserError(f"checkpoint '{path}' lies outside of {self.root}; name one in it")


def list_checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoints in a folder, the latest step first."""
    matches = {path: re.search(r"step=(\d+)", path.name) for path in folder.glob("*.ckpt")}
    steps = {path: int(match[1]) for path, match in matches.items() if match}
    return sorted(steps, key=lambda path: steps[path], reverse=True)


def load_checked(path: Path) -> dict[str, Any]:
    """Load a checkpoint of toysuper, with its tensors on the meta device.

    Raises:
        UserError: the file is absent or damaged, or another program wrote it. If the folder has
            another checkpoint that can be read, the message names it.
    """
    if not path.is_file():
        raise UserError(f"--ckpt_path '{path}' is not a file; give the path of a .ckpt file")
    checkpoint = _load_or_error(path)
    if isinstance(checkpoint, Exception):
        reason = first_line(checkpoint)[:120]
        others = [other for other in list_checkpoints(path.parent) if other != path]
        raise UserError(
            f"--ckpt_path '{path}' cannot be read as a checkpoint: {reason}{_suggest(others)}"
        )
    checkpoint = checkpoint if isinstance(checkpoint, dict) else {}
    check_checkpoint_fits(checkpoint)
    return checkpoint


def _load_or_error(path: Path) -> Any:
    try:
        return load_archive(path, "meta") if path.is_file() else ValueError("it is no regular file")
    except Exception as error:  # torch and zipfile raise a dozen types for damaged files
        return error


def has_weights_only(path: Path) -> bool:
    """Whether a checkpoint can be read and has no optimiser's state to go on with."""
    checkpoint = _load_or_error(path)
    return isinstance(checkpoint, dict) and "optimizer_states" not in checkpoint


def _suggest(paths: Sequence[Path]) -> str:
    tried = paths[:MAX_OTHERS]
    undamaged = (path for path in tried if not isinstance(_load_or_error(path), Exception))
    path = next(undamaged, None)
    return f"; this one can be read: --ckpt_path '{path}'" if path else ""
