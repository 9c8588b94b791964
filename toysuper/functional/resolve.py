"""Functions by name, so that YAML, checkpoints and CSV files hold words and never code."""

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional

from toysuper.errors import UserError, nearest
from toysuper.functional import elementwise

PLACES: tuple[ModuleType, ...] = (elementwise, torch.nn.functional, torch)


def resolve(name: str, what: str, places: tuple[ModuleType, ...] = PLACES) -> Callable[..., Any]:
    """The function called ``name`` in the first of ``places`` that has it, or a dotted path.

    Raises:
        UserError: no such function; the sentence names ``what`` was asked for.

    >>> resolve("relu", "activation")(torch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    found = _imported(name) if "." in name else _first(name, places)
    if not callable(found):
        known = [each for each in vars(places[0]) if not each.startswith("_")] + ["relu", "gelu"]
        raise UserError(
            f"{what} '{name}' is not a function of {', '.join(p.__name__ for p in places)} "
            f"nor an importable dotted path.{nearest(name, known)}"
        )
    return found


def _first(name: str, places: tuple[ModuleType, ...]) -> Any:
    return next((getattr(place, name) for place in places if hasattr(place, name)), None)


def _imported(path: str) -> Any:
    module, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None
