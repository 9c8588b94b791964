"""Leave out of a checkpoint what could not be read again: callbacks may keep anything."""

import warnings
from collections import OrderedDict
from typing import Any

import numpy as np
import torch
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor, nn

from toysuper.errors import UserError

PLAIN = (bool, int, float, str, type(None))
"""Values that a checkpoint may hold, besides tensors."""

SECTIONS = ("callbacks", "hyper_parameters")
"""Of these, only the entries that cannot be read are left out."""


def readable(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """Return what of a checkpoint can be read again; a warning names what cannot.

    Args:
        checkpoint: what would be saved.

    >>> readable({"global_step": 3, "callbacks": {"Mine": {"best": 0.5}}})
    {'global_step': 3, 'callbacks': {'Mine': {'best': 0.5}}}
    """
    kept: dict[str, Any] = {}
    for name, value in apply_to_collection(checkpoint, (Tensor, np.generic), simplify).items():
        if name in SECTIONS and isinstance(value, dict):
            kept[name] = {k: v for k, v in value.items() if _is_readable(v, f"{name}.{k}")}
        elif _is_readable(value, name):
            kept[name] = value
        elif isinstance(value, list):
            kept[name] = []  # states of schedules, which Lightning expects
    return kept


def check_saved(state: dict[str, Any]) -> None:
    """Refuse parameters and buffers that could not be read from a checkpoint.

    Args:
        state: a state dict.

    Raises:
        UserError: there is one.
    """
    for name, value in state.items():
        simple = simplify(value) if isinstance(value, Tensor) else value
        if culprit := find_unreadable(simple, name):
            raise UserError(
                f"{culprit} that no checkpoint holds; make it a dense tensor, or register it with "
                "persistent=False"
            )


def _is_readable(value: Any, place: str) -> bool:
    culprit = find_unreadable(value, place)
    if culprit:
        warnings.warn(
            f"checkpoints leave out {place}: {culprit}; keep tensors, numbers, text, and lists and "
            "dicts of them",
            stacklevel=2,
        )
    return culprit is None


def find_unreadable(value: Any, place: str) -> str | None:
    """Name the first value that a checkpoint cannot hold; None if there is none.

    Args:
        value: anything.
        place: its name.

    >>> find_unreadable({"best": 1 + 2j}, "mine")
    'mine.best is a complex'
    """
    kind = type(value)
    if kind in (dict, OrderedDict):
        items = [(f"{place}.{k}", v) for k, v in value.items()]
        items += [(f"a key of {place}", k) for k in value]
    elif kind in (list, tuple):
        items = [(f"{place}[{k}]", v) for k, v in enumerate(value)]
    elif kind in PLAIN or (kind in (Tensor, nn.Parameter) and is_whole(value)):
        return None
    else:
        return f"{place} is a {_kind(value)}"
    return next((found for at, item in items if (found := find_unreadable(item, at))), None)


def _kind(value: Any) -> str:
    is_sparse = isinstance(value, Tensor) and value.layout != torch.strided
    return "sparse tensor" if is_sparse else type(value).__name__


def simplify(value: Any) -> Any:
    """Turn a number of numpy into one of Python, and a strided view into a tensor of its own.

    Args:
        value: a number of numpy, or a tensor.
    """
    if isinstance(value, np.generic):
        return value.item()
    is_view = value.layout == torch.strided and not is_whole(value)
    return value.clone(memory_format=torch.contiguous_format) if is_view else value


def is_whole(tensor: Tensor) -> bool:
    """Whether each number of a tensor has memory of its own, one after the other.

    Args:
        tensor: any.
    """
    if tensor.layout != torch.strided or not tensor.is_contiguous():
        return False
    return tensor.numel() <= tensor.untyped_storage().nbytes() // max(1, tensor.element_size())
