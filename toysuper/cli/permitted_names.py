"""What a config may name: at each option, classes of one kind, or functions of one type.

A config can come from somebody else, so nothing that it names is called unless it is listed here,
or lies in a package that ``--allow`` names on the command line.
"""

import inspect
from typing import Any, NamedTuple, get_origin, get_type_hints

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

from toysuper.data.curves import Curve
from toysuper.data.schedules import Schedule
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
    "model.schedule": Option("a schedule", ("toysuper.data.schedules",), (Schedule,)),
    "model.metrics": Option(
        "a metric of predictions",
        ("toysuper.metrics", "torchmetrics.regression"),
        (Metric,),
    ),
    "data.features": Option("a distribution", ("toysuper.features",), (Features,)),
    "data.density": CURVE,
    "data.importance": CURVE,
    "data.grid": CURVE,
    "figures.draw": FIGURE,
    "figures.animate": FIGURE,
    "metrics.measure": Option(f"{OF_SNAPSHOT} Tensor", ("toysuper",), (), Tensor),
    "metrics.tables": Option(f"{OF_SNAPSHOT} list", ("toysuper",), (), list),
    "claims.check": Option(f"{OF_SNAPSHOT} list[Claim]", ("toysuper",), (), list),
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
