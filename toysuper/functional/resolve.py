"""Functions by name, so that YAML, checkpoints and CSV files hold words and never code."""

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional
from torch import Tensor

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


def elementwise_function(name: str, what: str) -> Callable[[Tensor], Tensor]:
    """The function called ``name``, once it was seen to treat every element by itself.

    Raises:
        UserError: no such function, or it mixes elements, changes the shape, or is random.
    """
    function, probe = resolve(name, what), torch.tensor([[0.2, -0.7, 0.4], [0.9, 0.1, -0.3]])
    try:
        whole = function(probe)
        alone = torch.stack([function(x) for x in probe.flatten()]).view(2, 3)
        fits = whole.shape == alone.shape and torch.allclose(whole, alone, equal_nan=True)
    except Exception as error:
        raise UserError(f"{what} '{name}' does not take one tensor: {error}") from error
    if not fits:
        raise UserError(f"{what} '{name}' is not elementwise; give a function of each element")
    return function


def _first(name: str, places: tuple[ModuleType, ...]) -> Any:
    return next((getattr(place, name) for place in places if hasattr(place, name)), None)


def _imported(path: str) -> Any:
    module, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None
