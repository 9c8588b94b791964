"""Write and check checkpoints."""

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
from toysuper.runs.files import write_atomic
from toysuper.runs.pickle_size import expanded_size

MAX_RATIO, FREE_BYTES = 10, 1 << 26
"""A checkpoint unpacks to at most so many times its size, and some bytes more."""

MAX_PLAIN = 1 << 20
"""Most bytes of a checkpoint that are no tensors: objects take a hundred times their bytes."""
MAX_OBJECTS = 1 << 21
"""Most objects of a checkpoint, a shared one counted at each use."""
MAX_OTHERS = 3
"""Checkpoints that are tried where one is damaged."""


class AtomicCheckpointIO(TorchCheckpointIO):
    """Writes a checkpoint whole or not at all, and loads tensors and plain values, never code.

    Weights have few different exponents, so that compression makes files a tenth smaller.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, *_: Any, **__: Any) -> None:
        """Compress the checkpoint and write it."""
        plain, packed = io.BytesIO(), io.BytesIO()
        torch.save(checkpoint, plain)
        with ZipFile(plain) as source, ZipFile(packed, "w", ZIP_DEFLATED, compresslevel=1) as to:
            for name in source.namelist():
                to.writestr(name, source.read(name))
        write_atomic(Path(path), packed.getbuffer())

    def load_checkpoint(
        self, path: Any, *_: Any, weights_only: bool | None = True, **__: Any
    ) -> dict[str, Any]:
        """Load on the CPU; ``weights_only`` is always true, whatever the caller asks for."""
        return super().load_checkpoint(path, weights_only=True)


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
        reason = (str(checkpoint).strip() or repr(checkpoint)).splitlines()[0][:120]
        others = [other for other in list_checkpoints(path.parent) if other != path]
        raise UserError(
            f"--ckpt_path '{path}' cannot be read as a checkpoint: {reason}{_suggest(others)}"
        )
    checkpoint = checkpoint if isinstance(checkpoint, dict) else {}
    check_checkpoint_fits(checkpoint)
    return checkpoint


def _load_or_error(path: Path) -> Any:
    try:
        if not path.is_file():
            return ValueError("it is no regular file")
        with ZipFile(path) as archive:
            unpacked, size = sum(f.file_size for f in archive.infolist()), path.stat().st_size
            plain = [file for file in archive.infolist() if file.filename.endswith("data.pkl")]
            if sum(file.file_size for file in plain) > MAX_PLAIN:
                return BadZipFile(f"it holds more than {MAX_PLAIN:,} bytes besides tensors")
            contents = [archive.read(file) for file in plain]
            if any(b"bytearray" in content for content in contents):
                return BadZipFile("it holds memory that is no tensor")
            if any(expanded_size(content) > MAX_OBJECTS for content in contents):
                return BadZipFile(f"it holds more than {MAX_OBJECTS:,} objects")
            if unpacked > MAX_RATIO * size + FREE_BYTES:
                return BadZipFile(f"its {size:,} bytes would unpack to {unpacked:,}")
            if damaged := archive.testzip():
                return BadZipFile(f"{damaged} is damaged")
        return torch.load(path, weights_only=True, map_location="meta")
    except Exception as error:  # torch and zipfile raise a dozen types for damaged files
        return error


def _suggest(paths: Sequence[Path]) -> str:
    tried = paths[:MAX_OTHERS]
    undamaged = (path for path in tried if not isinstance(_load_or_error(path), Exception))
    path = next(undamaged, None)
    return f"; this one can be read: --ckpt_path '{path}'" if path else ""


def check_checkpoint_fits(
    checkpoint: dict[str, Any], state: dict[str, Tensor] | None = None
) -> None:
    """Check that toysuper wrote a checkpoint and that its tensors have the model's shapes.

    Args:
        checkpoint: what a checkpoint file holds.
        state: the model's state dict; None if there is no model yet.

    Raises:
        UserError: another program wrote it, or the shapes differ.
    """
    if "toysuper" not in checkpoint:
        raise UserError("the checkpoint was not written by toysuper; train a model first")
    weights, step = checkpoint.get("state_dict"), checkpoint.get("global_step")
    is_state = isinstance(weights, dict) and all(isinstance(w, Tensor) for w in weights.values())
    if not is_state or not isinstance(step, int) or not 0 <= step < 10**15:
        raise UserError(
            "the checkpoint has no state_dict of tensors or no global_step; it is damaged"
        )
    saved, built = _shapes(checkpoint["state_dict"]), _shapes(state or {})
    if state is not None and saved != built:
        raise UserError(
            f"the checkpoint holds {saved} and this config builds {built}; "
            "use the config of its run"
        )


def check_some_finite(checkpoint: dict[str, Any]) -> None:
    """Check that not every weight of a checkpoint is infinite or not a number.

    Args:
        checkpoint: what a checkpoint file holds.

    Raises:
        UserError: every one is.
    """
    weights = [tensor for tensor in checkpoint["state_dict"].values() if tensor.numel()]
    if weights and not any(tensor.isfinite().any() for tensor in weights):
        raise UserError("no weight of the checkpoint is finite; name another one by --ckpt_path")


def _shapes(state: dict[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in state.items()}
