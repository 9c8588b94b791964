"""What is timed: eight ensembles, as model, data and the paper's own loop."""

from typing import Any, NamedTuple

from toysuper.data import SyntheticData
from toysuper.data.curves import LogSpace
from toysuper.features import SparseUniform
from toysuper.models import AbsoluteValueModel, ReLUHiddenModel, ReLUOutputModel, ToyModel


class Case(NamedTuple):
    """An ensemble at the authors' densities, 20^0 … 20^-1, with importance 0.9^i."""

    instances: int
    n: int
    hidden: int
    batch: int
    model: type[ToyModel] = ReLUOutputModel

    @property
    def signed(self) -> bool:
        return self.model is AbsoluteValueModel

    @property
    def density(self) -> list[float]:
        return LogSpace(1.0, 0.05).values(self.instances)

    @property
    def importance(self) -> list[float]:
        return [0.9**i for i in range(self.n)]

    def data(self) -> SyntheticData:
        return SyntheticData(
            n=self.n,
            importance=self.importance,
            grid={"density": self.density},
            features=SparseUniform(signed=self.signed),
            task="abs" if self.signed else "identity",
            batch_size=self.batch,
        )

    def config(self) -> dict[str, Any]:
        """The same as a config of the command line."""
        features = {
            "class_path": "toysuper.features.SparseUniform",
            "init_args": {"signed": self.signed},
        }
        ends = {"start": 1.0, "stop": 0.05, "num": self.instances}
        path = f"{self.model.__module__}.{self.model.__name__}"
        return {
            "model": {"variant": {"class_path": path, "init_args": {"hidden": self.hidden}}},
            "data": {
                "n": self.n,
                "importance": self.importance,
                "grid": {"density": {"class_path": "LogSpace", "init_args": ends}},
                "features": features,
                "task": "abs" if self.signed else "identity",
                "batch_size": self.batch,
            },
        }


CASES = {
    "5 features in 2": Case(8, 5, 2, 1024),
    "20 in 5": Case(10, 20, 5, 1024),
    "200 in 20": Case(20, 200, 20, 1024),
    "400 in 30": Case(1, 400, 30, 1024),
    "2 in 1, thousands": Case(5760, 2, 1, 512),
    "3 in 2, thousands": Case(4096, 3, 2, 512),
    "ReLU-hidden, 10 in 5": Case(1000, 10, 5, 512, ReLUHiddenModel),
    "absolute value, 100 in 40": Case(7, 100, 40, 1024, AbsoluteValueModel),
}
