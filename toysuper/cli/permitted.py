"""What a config may name: at each option, classes of one kind, or functions of one type.

A config can come from somebody else, so nothing that it names is called unless it is listed here,
or lies in a package that ``--allow`` names on the command line.
"""

import inspect
from collections.abc import Iterator, Sequence
from pkgutil import resolve_name
from typing import Any, NamedTuple, get_origin, get_type_hints

from jsonargparse import Namespace
from lightning.fabric.plugins.environments.cluster_environment import ClusterEnvironment
from lightning.pytorch import Callback
from lightning.pytorch.accelerators import Accelerator
from lightning.pytorch.loggers import Logger
from lightning.pytorch.plugins.precision import Precision
from lightning.pytorch.profilers import Profiler
from lightning.pytorch.strategies import Strategy
from matplotlib.figure import Figure
from torch import Tensor
from torch.optim import Optimizer
from torchmetrics import Metric

from toysuper.cli.location import SKIPPED, locate
from toysuper.data.curves import Curve
from toysuper.engine.schedules import Schedule
from toysuper.errors import UserError, did_you_mean
from toysuper.features import Features
from toysuper.models import ToyModel
from toysuper.names import is_within
from toysuper.objectives import Objective
from toysuper.snapshot import Snapshot
from toysuper.training.module import adamw


class Option(NamedTuple):
    """What an option takes.

    Args:
        what: what it is, for messages.
        packages: where its classes and functions are defined.
        bases: its classes are subclasses of one of these; empty if it takes no class.
        result: its functions map a Snapshot to this; None if it takes no function.
    """

    what: str
    packages: tuple[str, ...]
    bases: tuple[type, ...] = ()
    result: type | None = None

    def permits(self, value: Any) -> bool:
        """Return whether a class may be made, or a function passed, at this option."""
        if value is adamw:  # the default, which every saved config names
            return Optimizer in self.bases
        if not is_within(str(getattr(value, "__module__", "")), self.packages):
            return False
        if isinstance(value, type):
            return issubclass(value, self.bases) and not inspect.isabstract(value)
        return self.result is not None and _is_from_snapshot(value, self.result)


CURVE = Option("a curve", ("toysuper.data.curves",), (Curve,))
OF_SNAPSHOT = "a function (snapshot: Snapshot) ->"
FIGURE = Option(f"{OF_SNAPSHOT} Figure", ("toysuper",), (), Figure)

OPTIONS = {
    "model.variant": Option("a variant", ("toysuper.models",), (ToyModel,)),
    "model.objective": Option("an objective", ("toysuper.objectives",), (Objective,)),
    "model.optimizer": Option("an optimiser", ("torch.optim",), (Optimizer,)),
    "model.schedule": Option("a schedule", ("toysuper.engine.schedules",), (Schedule,)),
    "model.metrics": Option(
        "a metric of predictions",
        ("toysuper.metrics", "torchmetrics.aggregation", "torchmetrics.regression"),
        (Metric,),
    ),
    "data.features": Option("a distribution", ("toysuper.features",), (Features,)),
    "data.density": CURVE,
    "data.importance": CURVE,
    "data.grid": CURVE,
    "figures.draw": FIGURE,
    "figures.animate": FIGURE,
    "metrics.measure": Option(
        "a function (snapshot: Snapshot) -> Tensor", ("toysuper",), (), Tensor
    ),
    "metrics.tables": Option("a function (snapshot: Snapshot) -> list", ("toysuper",), (), list),
    "claims.check": Option(
        "a function (snapshot: Snapshot) -> list[Claim]", ("toysuper",), (), list
    ),
    "trainer.accelerator": Option(
        "an accelerator", ("lightning.pytorch.accelerators",), (Accelerator,)
    ),
    "trainer.callbacks": Option(
        "a callback", ("toysuper.callbacks", "lightning.pytorch.callbacks"), (Callback,)
    ),
    "trainer.logger": Option(
        "a logger that writes files",
        ("lightning.pytorch.loggers.csv_logs", "lightning.pytorch.loggers.tensorboard"),
        (Logger,),
    ),
    "trainer.plugins": Option(
        "a precision or a cluster",
        ("lightning.pytorch.plugins.precision", "lightning.fabric.plugins.environments"),
        (Precision, ClusterEnvironment),
    ),
    "trainer.profiler": Option("a profiler", ("lightning.pytorch.profilers",), (Profiler,)),
    "trainer.strategy": Option(
        "a strategy",
        (
            "toysuper.training.sharding",
            "lightning.pytorch.strategies.ddp",
            "lightning.pytorch.strategies.single_device",
        ),
        (Strategy,),
    ),
}
"""Options of a config that take classes or functions."""


class Named(NamedTuple):
    """A class, function or object that a config names.

    Args:
        option: dotted key of the option.
        path: dotted path, as far as it is known.
        value: the class, function or object.
        is_nested: whether it is an argument of another class.
    """

    option: str
    path: str
    value: Any
    is_nested: bool


def check_named(config: Any, own: Sequence[str], words: Sequence[str] = ()) -> None:
    """Check everything that a parsed config names, before any of it is made or called.

    Args:
        config: what the parser returns for one command.
        own: packages that ``--allow`` names.
        words: the command line, for the location in the message.

    Raises:
        UserError: an option names something of another kind.
    """
    sections = {key: value for key, value in vars(config).items() if key != "config"}
    for named in list_named(sections):
        if not is_within(named.path, own) and not is_permitted(named):
            raise UserError(_refusal(named, words))


def list_named(value: Any, option: str = "", is_nested: bool = False) -> Iterator[Named]:
    """Yield every class, function and object of a parsed config.

    Args:
        value: the config, or a part of it.
        option: dotted key of the part.
        is_nested: whether the part belongs to the arguments of a class.
    """
    if isinstance(value, list | tuple | set):
        for item in value:
            yield from list_named(item, option, is_nested)
    elif isinstance(value, dict | Namespace):
        settings = dict(value if isinstance(value, dict) else vars(value))
        path = settings.get("class_path")
        if isinstance(path, str):
            yield Named(option, path, _resolve(path), is_nested)
            is_nested = True
        for key, item in settings.items():
            inner = option if key in SKIPPED else f"{option}.{key}".lstrip(".")
            yield from list_named(item, inner, is_nested)
    elif callable(value):
        path = f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', '')}"
        yield Named(option, path, value, is_nested)


def _resolve(path: str) -> Any:
    try:
        return resolve_name(path)
    except (ImportError, AttributeError, ValueError):
        return None


def is_permitted(named: Named) -> bool:
    """Return whether a config may name that without ``--allow``."""
    if named.is_nested:
        return any(option.permits(named.value) for option in OPTIONS.values())
    option = _option_of(named.option)
    return option is not None and option.permits(named.value)


def _option_of(key: str) -> Option | None:
    """Return what an option takes; grid axes belong to ``data.grid``."""
    keys = [name for name in OPTIONS if f"{key}.".startswith(f"{name}.")]
    return OPTIONS[keys[0]] if keys else None


def _is_from_snapshot(function: Any, result: type) -> bool:
    """Return whether a function is declared to map a Snapshot to such a result."""
    if not inspect.isfunction(function):
        return False
    hints = get_type_hints(function)
    returned = hints.pop("return", None)
    returned = getattr(returned, "array_type", None) or get_origin(returned) or returned
    required = [
        hints.get(name)
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.default is inspect.Parameter.empty
    ]
    return returned is result and required == [Snapshot]


def _refusal(named: Named, words: Sequence[str]) -> str:
    option, package = _option_of(named.option), named.path.rpartition(".")[0] or named.path
    what = option.what if option and not named.is_nested else "what a config may name there"
    names = [
        f"{other.packages[0]}.{name}"
        for other in [option]
        if other
        for name, value in vars(_resolve(other.packages[0])).items()
        if other.permits(value)
    ]
    return (
        f"{named.option} names '{named.path}'{locate(named.path, words)}, which is not {what}."
        f"{did_you_mean(named.path, names)} If you trust its code, add --allow {package}"
    )
