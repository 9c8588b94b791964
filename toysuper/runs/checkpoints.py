"""Write and check checkpoints."""

import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import gettempdir
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import torch
from lightning.pytorch.plugins import TorchCheckpointIO
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR

from toysuper.errors import UserError, first_line
from toysuper.runs.checkpoint_archive import load_archive
from toysuper.runs.files import write_atomic

MAX_STEPS = 10**15
"""Most steps behind a checkpoint."""
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
        torch.save(checkpoint, plain)
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
    if not is_state or not isinstance(step, int) or not 0 <= step < MAX_STEPS:
        raise UserError(
            "the checkpoint has no state_dict of tensors or no global_step; it is damaged"
        )
    saved, built = _shapes(checkpoint["state_dict"]), _shapes(state or {})
    if state is not None and saved != built:
        raise UserError(
            f"the checkpoint holds {saved} and this config builds {built}; "
            "use the config of its run"
        )


def check_optimizer_states(
    checkpoint: dict[str, Any], shapes: Sequence[torch.Size], keys: set[str]
) -> None:
    """Check that an optimiser's state is of its parameters: kernels write to it unchecked.

    Args:
        checkpoint: what a checkpoint file holds.
        shapes: those of the parameters.
        keys: names of what the optimiser keeps for each parameter.

    Raises:
        UserError: it is not.
    """
    states = checkpoint.get("optimizer_states") or []
    for state in (s["state"] for s in states if isinstance(s, dict) and "state" in s):
        for index, values in state.items():
            known = index in range(len(shapes)) and isinstance(values, dict)
            if not known or not all(_fits(v, shapes[index]) for v in values.values()):
                raise UserError("the optimiser's state in the checkpoint is damaged")
            if keys and values and values.keys() != keys:
                raise UserError(
                    f"the checkpoint has the state {sorted(values)} of another optimiser, and this "
                    f"config's keeps {sorted(keys)}; use the config of its run"
                )


def check_progress(checkpoint: dict[str, Any]) -> None:
    """Check the counters in a checkpoint, with which Lightning goes on.

    Args:
        checkpoint: what a checkpoint file holds.

    Raises:
        UserError: one is no whole number, or a schedule holds more than numbers.
    """
    schedules = checkpoint.get("lr_schedulers") or []
    fine = all(
        isinstance(s, dict) and type(s.get("last_epoch")) is int and not any(map(_is_method, s))
        for s in schedules
    )
    if not fine or not all(map(_is_count, _leaves(checkpoint.get("loops", {})))):
        raise UserError("the counters of steps in the checkpoint are damaged; name another one")


def _is_method(name: Any) -> bool:
    return callable(getattr(LambdaLR, str(name), None))


def _is_count(value: Any) -> bool:
    return value is None or (isinstance(value, int) and 0 <= value < MAX_STEPS)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item)
    else:
        yield value


def _fits(value: Any, shape: torch.Size) -> bool:
    if isinstance(value, Tensor):
        return value.is_floating_point() and value.shape in (shape, ())
    return value is None or isinstance(value, int | float)


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
