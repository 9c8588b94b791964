"""Check what a checkpoint holds before anything is made of it: it may come from somebody else."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR

from toysuper.errors import UserError

MAX_STEPS = 10**15
"""Most steps behind a checkpoint."""


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
        UserError: one is no whole number, or a schedule's state would replace a method of it.
    """
    schedules = checkpoint.get("lr_schedulers") or []
    counts = _leaves(checkpoint.get("loops", {}))
    if not all(map(_is_state, schedules)) or not all(map(_is_count, counts)):
        raise UserError("the counters of steps in the checkpoint are damaged; name another one")


def _is_state(schedule: Any) -> bool:
    """Whether this may be the state of a schedule, or of one that holds others."""
    if not isinstance(schedule, dict) or any(map(_is_method, schedule)):
        return False
    inner = schedule.get("_schedulers", [])
    has_states = isinstance(inner, list | tuple) and all(map(_is_state, inner))
    return has_states and type(schedule.get("last_epoch", 0)) is int


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
