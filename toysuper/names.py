"""Functions by name, so that YAML, checkpoints and CSV files hold words and never code."""

import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional
from torch import Tensor

from toysuper.errors import UserError, did_you_mean
from toysuper.functional import elementwise, tasks

PLACES: tuple[ModuleType, ...] = (elementwise, tasks, torch.nn.functional, torch)

_packages: ContextVar[tuple[str, ...] | None] = ContextVar("packages", default=None)


@contextmanager
def importing_only(packages: Sequence[str]) -> Iterator[None]:
    """Let dotted paths lead into these packages only, as texts from elsewhere name them."""
    token = _packages.set(tuple(packages))
    try:
        yield
    finally:
        _packages.reset(token)


def is_within(path: str, packages: Iterable[str]) -> bool:
    """Whether a dotted path is one of these packages or lies in one.

    >>> is_within("torch.optim.AdamW", ["torch.optim"]), is_within("torchx.y", ["torch"])
    (True, False)
    """
    return any(f"{path}.".startswith(f"{package}.") for package in packages)


def resolve(name: Any, what: str, places: tuple[ModuleType, ...] = PLACES) -> Callable[..., Any]:
    """The function called ``name`` in the first of ``places`` that has it, or a dotted path.

    Raises:
        UserError: no such function; the sentence names ``what`` was asked for.

    >>> resolve("relu", "activation")(torch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    if not isinstance(name, str):
        raise UserError(f"{what} is {name!r}; give the name of a function")
    found = _imported(name) if "." in name else _first(name, places)
    if not callable(found) or isinstance(found, type):
        own = (key for place in places[:2] for key, value in vars(place).items() if _is_own(value))
        known = [*own, *(("relu", "gelu", "abs", "square") if places is PLACES else ())]
        raise UserError(
            f"{what} '{name}' is not a function of {', '.join(p.__name__ for p in places)} "
            f"nor an importable dotted path.{did_you_mean(name, known)}"
        )
    return found


def elementwise_function(name: Any, what: str) -> Callable[[Tensor], Tensor]:
    """The function called ``name``, once it was seen to treat every element by itself.

    Raises:
        UserError: no such function, or it mixes elements, changes the shape, or is random.
    """
    probe = torch.tensor([[0.2, -0.7, 0.4], [0.9, 0.1, -0.3]])
    function, whole = _tried(name, what, probe)
    try:
        alone = torch.stack([function(x) for x in probe.flatten()]).view(2, 3)
        fits = whole.shape == alone.shape and torch.allclose(whole, alone, equal_nan=True)
    except Exception as error:
        raise UserError(f"{what} '{name}' does not take one number: {error}") from error
    if not fits:
        raise UserError(f"{what} '{name}' is not elementwise; give a function of each element")
    return function


def columnwise_function(name: Any, what: str, n: int) -> Callable[[Tensor], Tensor]:
    """The function called ``name``, seen to turn each column of n features into another of n.

    Raises:
        UserError: no such function, or it changes the shape, mixes samples or instances, or is
            random.
    """
    probe = torch.sin(torch.arange(6.0 * n)).view(2, n, 3)
    function, whole = _tried(name, what, probe)
    if whole.shape != probe.shape:
        raise UserError(
            f"{what} '{name}' makes {tuple(whole.shape)} of features {tuple(probe.shape)}; "
            "a target has a row for each feature and a column for each sample"
        )
    alone = [[function(probe[i : i + 1, :, b : b + 1]) for b in range(3)] for i in range(2)]
    apart = torch.cat([torch.cat(row, -1) for row in alone])
    if not torch.allclose(whole, apart, equal_nan=True):
        raise UserError(f"{what} '{name}' mixes samples or instances, or is random")
    return function


def _tried(name: Any, what: str, probe: Tensor) -> tuple[Callable[[Tensor], Tensor], Tensor]:
    """The function, and what it makes of the probe: floats, without a change to the probe."""
    function, before = resolve(name, what), probe.clone()
    try:
        whole = function(probe)
    except Exception as error:
        raise UserError(f"{what} '{name}' does not take one tensor: {error}") from error
    if not isinstance(whole, Tensor) or not whole.is_floating_point():
        made = whole.dtype if isinstance(whole, Tensor) else type(whole).__name__
        raise UserError(f"{what} '{name}' makes a {made} of numbers; it must make a float tensor")
    if not torch.equal(probe, before):
        raise UserError(f"{what} '{name}' changes its argument; it must leave it as it is")
    return function, whole


def not_allowed(path: str, packages: Iterable[str]) -> str:
    """The sentence for a dotted path that leads elsewhere."""
    return (
        f"'{path}' is not in {', '.join(packages)}; if you trust its code, "
        f"add --allow {path.rpartition('.')[0] or path}"
    )


def _is_own(value: Any) -> bool:
    """Whether it is a function of this project, and not something that a module imports."""
    return getattr(value, "__module__", "").startswith("toysuper")


def _first(name: str, places: tuple[ModuleType, ...]) -> Any:
    found = (vars(place)[name] for place in places if name in vars(place))
    return next((value for value in found if not isinstance(value, type | ModuleType)), None)


def _imported(path: str) -> Any:
    module, _, name = path.rpartition(".")
    packages = _packages.get()
    if not all(part.isidentifier() for part in path.split(".")):
        return None
    if packages is not None and not is_within(path, packages):
        raise UserError(not_allowed(path, packages))
    try:
        return getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None
