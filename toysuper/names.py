"""Functions by name, so that YAML, checkpoints and CSV files contain words and no code."""

import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, get_type_hints

import torch
import torch.nn.functional
from jaxtyping import Float, Int
from torch import Tensor, nn

from toysuper.errors import UserError, did_you_mean
from toysuper.functional import elementwise, tasks
from toysuper.functional.activations import Function, apply_per_instance

MODULES: tuple[ModuleType, ...] = (elementwise, tasks, torch.nn.functional, torch)
"""Where a name without dots is looked up, in this order."""

COMPUTING = ("toysuper.functional", "torch.functional", "torch.nn.functional", "torch.special")
"""Modules of which each function computes on tensors."""
RUNNING = ("toysuper.__main__", "toysuper.cli", "toysuper.python", "toysuper.runs")
"""Modules that run commands and write files; a config may not name what they hold."""
OWNERS = (None, *(getattr(torch._C, name) for name in ("_nn", "_special")))
"""Owners of torch's functions of tensors that are written in C++; settings belong to torch._C."""

_packages: ContextVar[tuple[str, ...] | None] = ContextVar("packages", default=None)


class PerInstanceFunction(nn.Module):
    """Functions by name, one for each instance or one for all: activations and tasks.

    Args:
        names: one name per instance, or a single name.
        what: what the functions are, for error messages.

    Raises:
        UserError: there is no function of one of these names.

    >>> PerInstanceFunction(["relu", "identity"])(-torch.ones(2, 1, 1)).flatten()
    tensor([ 0., -1.])
    """

    which: Tensor

    def __init__(self, names: Sequence[Any], what: str = "function") -> None:
        super().__init__()
        different, which = group_names(names)
        # resolved only once, because torch.compile cannot trace an import
        self.functions = [resolve(name, what) for name in different]
        self.register_buffer("which", which, persistent=False)

    def forward(self, z: Float[Tensor, "inst rows batch"]) -> Float[Tensor, "inst rows batch"]:
        """Apply to each instance its own function."""
        return apply_per_instance(z, self.functions, self.which)


def group_names(names: Sequence[Any]) -> tuple[list[Any], Int[Tensor, " inst"]]:
    """Return the different names, and the index of each instance's name among them.

    >>> group_names(["relu", "identity", "relu"])
    (['relu', 'identity'], tensor([0, 1, 0]))
    """
    different = list(dict.fromkeys(names))
    index = {name: k for k, name in enumerate(different)}
    return different, torch.tensor([index[name] for name in names])


def display_name(function: str) -> str:
    """Return the name of an activation function as texts and figures print it.

    >>> display_name("relu"), display_name("torch.special.erf")
    ('ReLU', 'torch.special.erf')
    """
    return {"identity": "linear", "relu": "ReLU", "gelu": "GELU"}.get(function, function)


@contextmanager
def importing_only(packages: Sequence[str]) -> Iterator[None]:
    """Restrict dotted paths to toysuper, torch and these packages, as a file may be anyone's."""
    token = _packages.set(tuple(packages))
    try:
        yield
    finally:
        _packages.reset(token)


def is_within(path: str, packages: Iterable[str]) -> bool:
    """Return whether a dotted path is one of some packages, or lies inside one.

    Args:
        path: dotted path.
        packages: names of the packages.

    >>> is_within("torch.optim.AdamW", ["torch.optim"]), is_within("torchx.y", ["torch"])
    (True, False)
    """
    return any(f"{path}.".startswith(f"{package}.") for package in packages)


def resolve(name: Any, what: str, modules: tuple[ModuleType, ...] = MODULES) -> Callable[..., Any]:
    """Return the function of that name.

    Args:
        name: a name in one of the modules, of which the first counts, or a dotted path.
        what: what the function is, for error messages.
        modules: where to look up a name without dots; the names in the first two are suggested.

    Raises:
        UserError: there is no such function.

    >>> resolve("relu", "activation")(torch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    if not isinstance(name, str):
        raise UserError(f"{what} is {name!r}; give the name of a function")
    value = _import(name) if "." in name else _look_up(name, modules)
    if not callable(value) or isinstance(value, type):
        own = [key for module in modules[:2] for key, v in vars(module).items() if _is_own(v)]
        torch_names = ("relu", "gelu", "abs", "square") if modules is MODULES else ()
        raise UserError(
            f"{what} '{name}' is not a function of {', '.join(m.__name__ for m in modules)} "
            f"nor an importable dotted path.{did_you_mean(name, [*own, *torch_names])}"
        )
    return value


def elementwise_function(name: Any, what: str) -> Function:
    """Return the function of that name, after a test that it treats each element by itself.

    Args:
        name: a name or dotted path, see :func:`resolve`.
        what: what the function is, for error messages.

    Raises:
        UserError: there is no such function, or it mixes elements, changes the shape or is random.

    >>> elementwise_function("relu", "activation")(torch.tensor(-1.0))
    tensor(0.)
    """
    probe = torch.tensor([[0.2, -0.7, 0.4], [0.9, 0.1, -0.3]])
    function, result = _apply_to_probe(name, what, probe)
    try:
        separate = torch.stack([function(x) for x in probe.flatten()]).view(2, 3)
        same_shape = result.shape == separate.shape
        equal = same_shape and torch.allclose(result, separate, equal_nan=True)
    except Exception as error:
        raise UserError(f"{what} '{name}' does not take one number: {error}") from error
    if not equal:
        raise UserError(f"{what} '{name}' is not elementwise; give a function of each element")
    return function


def columnwise_function(name: Any, what: str, n: int) -> Function:
    """Return the function of that name, after a test that it treats each sample by itself.

    Args:
        name: a name or dotted path, see :func:`resolve`.
        what: what the function is, for error messages.
        n: number of features, the rows of its argument and of its result.

    Raises:
        UserError: there is no such function, or it changes the shape, mixes samples or instances,
            or is random.

    >>> columnwise_function("pair_max", "task", n=2)(torch.tensor([[0.1], [0.9]])).flatten()
    tensor([0.9000, 0.9000])
    """
    probe = torch.sin(torch.arange(6.0 * n)).view(2, n, 3)
    function, result = _apply_to_probe(name, what, probe)
    if result.shape != probe.shape:
        raise UserError(
            f"{what} '{name}' returns the shape {tuple(result.shape)} for features "
            f"{tuple(probe.shape)}; a target has a row for each feature and a column for each "
            "sample"
        )
    columns = [[function(probe[i : i + 1, :, b : b + 1]) for b in range(3)] for i in range(2)]
    separate = torch.cat([torch.cat(row, -1) for row in columns])
    if not torch.allclose(result, separate, equal_nan=True):
        raise UserError(f"{what} '{name}' mixes samples or instances, or is random")
    return function


def _apply_to_probe(name: Any, what: str, probe: Tensor) -> tuple[Function, Tensor]:
    """The function, and its result, which must be a float tensor and leave the probe unchanged."""
    function, before = resolve(name, what), probe.clone()
    try:
        result = function(probe)
    except Exception as error:
        raise UserError(f"{what} '{name}' does not take one tensor: {error}") from error
    if not isinstance(result, Tensor) or not result.is_floating_point():
        kind = result.dtype if isinstance(result, Tensor) else type(result).__name__
        raise UserError(f"{what} '{name}' returns a {kind}; it must return a float tensor")
    if not torch.equal(probe, before):
        raise UserError(f"{what} '{name}' changes its argument; it must leave it unchanged")
    return function, result


def not_allowed(path: str, packages: Iterable[str]) -> str:
    """Return the error message for a dotted path outside the packages that a config may name.

    Args:
        path: dotted path.
        packages: these packages.

    >>> not_allowed("mine.square", ["torch.special", "toysuper.functional"])
    "a config may not name 'mine.square'; if you trust its code, add --allow mine."
    """
    package = path.rpartition(".")[0] or path
    return (
        f"a config may not name '{path}'; if you trust its code, "
        f"add --allow {package}.{did_you_mean(package, packages)}"
    )


def _is_own(value: Any) -> bool:
    """Whether it is a function of this project, and not one that a module imports."""
    return getattr(value, "__module__", "").startswith("toysuper")


def _look_up(name: str, modules: tuple[ModuleType, ...]) -> Any:
    values = (vars(module)[name] for module in modules if name in vars(module))
    return next((value for value in values if _computes(value)), None)


def _computes(value: Any) -> bool:
    """Whether it computes on tensors; torch has functions that load files or set options, too."""
    if isinstance(value, BuiltinFunctionType):
        return value.__self__ in OWNERS
    module = getattr(value, "__module__", None) or ""
    if is_within(module, COMPUTING):
        return True
    return is_within(module, ["toysuper"]) and isinstance(value, FunctionType) and _maps(value)


def _maps(function: FunctionType) -> bool:
    """Whether a function is declared to map one tensor to another."""
    *arguments, result = get_type_hints(function).values()
    kinds = [getattr(hint, "array_type", hint) for hint in (*arguments, result)]
    return kinds == [Tensor, Tensor]


def _import(path: str) -> Any:
    module, _, name = path.rpartition(".")
    packages = _packages.get()
    if not all(part.isidentifier() for part in path.split(".")):
        return None
    is_checked = packages is not None and not is_within(path, packages)
    nameable = is_within(path, ["toysuper", *COMPUTING]) and not is_within(path, RUNNING)
    if is_checked and not nameable:
        raise UserError(not_allowed(path, COMPUTING))
    try:
        value = getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None
    return value if _computes(value) or not is_checked else None
