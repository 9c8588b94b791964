"""SyntheticData: the worlds of an ensemble as a LightningDataModule."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from jaxtyping import Float
from lightning.pytorch import LightningDataModule
from lightning.pytorch.utilities import rank_zero_warn
from torch import Tensor, nn

from toysuper.data.burst_ends import Period, eval_hook, step_periods
from toysuper.data.bursts import Burst, EvalBursts, TrainBursts
from toysuper.data.curves import Curve
from toysuper.data.grid import Grid
from toysuper.data.memory import check_bound, check_memory
from toysuper.data.world import World
from toysuper.errors import UserError
from toysuper.features import Features, SparseUniform
from toysuper.functional.noise import Purpose

AXIS = re.compile(
    r"(?P<what>density|importance)(\[(?P<feature>-?\d+|(-?\d+)?:(-?\d+)?)\])?|seed|task"
)
"""Grid axes that the data understands; any other must name an argument of the model."""

TARGET_BURST = 1 << 28
"""Numbers of x that a burst has by default: about a quarter of a second at a nanosecond each."""

MAX_FEATURES = 10_000
"""Most features: metrics and figures look at pairs of them."""
MAX_SAMPLES = 1 << 22
"""Most samples of a batch."""
MAX_BATCHES = 100_000
"""Most batches of an evaluation."""

PerFeature = float | list[float] | Curve
Axes = dict[str, list[float | str] | Curve]


class SyntheticData(LightningDataModule):
    """Sparse, importance-weighted features for every instance of a grid.

    Args:
        n: number of features.
        density: probability p = 1 - S that a feature is active: one number, a list of n, or a curve
            such as ``Geometric(0.9)``. A grid axis ``density`` multiplies it for all features, an
            axis ``density[i]`` for feature i, ``density[i:j]`` for several, as Python counts them.
        importance: weight of each feature's squared error; written and multiplied the same way.
        grid: named axes whose product is the ensemble, or a list of such products.
        features: the distribution.
        task: target by the name of a function of the features: ``identity``, ``abs``, ``square``,
            ``pair_max``, ``pair_and``, any elementwise function of torch, or a dotted path to one
            that makes (inst, feat, batch) of (inst, feat, batch). A grid axis ``task`` sets it per
            instance.
        batch_size: fresh samples per step, over all ranks.
        seed: changes every random number of the run, initial weights included.
        epoch: optimiser steps between validations.
        burst: most optimiser steps that Lightning sees as one batch; without, as many as take
            about a quarter of a second, estimated from the size of a step.
        eval_batches: number of batches of a validation, a test or a prediction.
        eval_batch_size: samples in each of them.

    Raises:
        UserError: a value is out of range, not a number, or of the wrong length.

    >>> from toysuper.data.curves import Geometric
    >>> data = SyntheticData(n=5, importance=Geometric(0.9), grid={"density": [1.0, 0.1]})
    >>> data.world().density.shape
    torch.Size([2, 5])
    """

    def __init__(
        self,
        n: int,
        density: PerFeature = 1.0,
        importance: PerFeature = 1.0,
        grid: Axes | list[Axes] | None = None,
        features: Features | None = None,
        task: str = "identity",
        batch_size: int = 1024,
        seed: int = 0,
        epoch: int = 1000,
        burst: int | None = None,
        eval_batches: int = 32,
        eval_batch_size: int = 1024,
    ) -> None:
        super().__init__()
        sizes = {"n": n, "batch_size": batch_size, "epoch": epoch, "burst": burst or 1}
        sizes |= {"eval_batches": eval_batches, "eval_batch_size": eval_batch_size}
        for name, value in sizes.items():
            if value < 1:
                raise UserError(f"data.{name} is {value}; it must be at least 1")
        check_bound("data.n", n, MAX_FEATURES)
        for name in ("batch_size", "eval_batch_size"):
            check_bound(f"data.{name}", sizes[name], MAX_SAMPLES)
        check_bound("data.eval_batches", eval_batches, MAX_BATCHES)
        self.n, self.grid, self.features = n, Grid(grid), features or SparseUniform()
        for samples in (batch_size, eval_batch_size):  # a step takes one instance after the other
            check_memory(4 * n * samples, f"a batch of {samples:,} samples of {n:,} features")
        check_memory(
            6 * self.grid.instances * n, f"{self.grid.instances:,} instances of {n:,} features"
        )
        pairs = self.grid.instances * n * n
        check_memory(pairs, f"the interference of {n:,} features in each instance", 4)
        self.tasks = self.grid.per_instance("task", task)
        self.batch_size, self.seed, self.epoch = batch_size, seed, epoch
        numbers_per_step = self.grid.instances * n * batch_size
        self.burst = burst or min(max(TARGET_BURST // numbers_per_step, 10), 500)
        self.eval_batches, self.eval_batch_size = eval_batches, eval_batch_size
        self.stops, self.warned = frozenset[int](), ""
        self.density = self._per_instance("density", density)
        self.importance = self._per_instance("importance", importance)
        _check_range("density", self.density)
        _check_range("importance", self.importance)

    def setup(self, stage: str) -> None:
        """Forget where earlier trainings wanted bursts to end."""
        self.stops, self.warned = frozenset(), ""

    def stop_at(self, steps: Iterable[int]) -> None:
        """End bursts at these optimiser steps, too, because something looks at the models there.

        Args:
            steps: counted from the start of training.
        """
        self.stops |= frozenset(steps)

    def world(
        self,
        held_out: bool = False,
        rank: int = 0,
        ranks: int = 1,
        samples: int | None = None,
        instances: slice = slice(None),
    ) -> World:
        """Make the world of training or of evaluation.

        Args:
            held_out: whether it is for evaluation, whose samples all seeds share.
            rank: which part of the samples it shows.
            ranks: how many parts there are.
            samples: samples of a batch over all ranks; without, as the data say.
            instances: which instances it has.

        Raises:
            UserError: the samples do not split over the ranks.
        """
        samples = samples or (self.eval_batch_size if held_out else self.batch_size)
        if samples % ranks:
            raise UserError(f"{samples} samples do not split over {ranks} ranks; use a multiple")
        return World(
            self.grid.keys(self.seed, common=held_out)[instances],
            self.density[instances].to(torch.get_default_dtype()),
            self.importance[instances].to(torch.get_default_dtype()),
            self.features,
            self.tasks[instances] if len(self.tasks) > 1 else self.tasks,
            samples // ranks,
            first=rank * (samples // ranks),
        )

    def local_world(self, held_out: bool) -> World:
        """Make the world of this rank: its instances where they are sharded, else its samples.

        Args:
            held_out: whether it is for evaluation.
        """
        trainer: Any = self.trainer
        instances = getattr(trainer.strategy, "local_instances", None)
        if instances is not None:
            return self.world(held_out, instances=instances)
        return self.world(held_out, trainer.global_rank, trainer.world_size)

    def train_dataloader(self) -> TrainBursts:
        """Make bursts from the current step to the next validation or the end."""
        trainer, world = self._attached_trainer(), self.local_world(held_out=False)
        stops = self.stops | {trainer.min_steps or 0}
        return TrainBursts(world, trainer, self.epoch_steps(trainer), self._periods, stops)

    def _periods(self) -> set[Period]:
        """Find where bursts have to end, and warn where that is at every step."""
        trainer = self._attached_trainer()
        needs = step_periods(trainer)
        owner = needs.get(Period(1), self.warned)
        if owner != self.warned and self.burst > 1 and not trainer.fast_dev_run:
            self.warned = owner
            rank_zero_warn(
                f"{owner} acts at every step, so that each burst is one step; small models then "
                "take several times as long"
            )
        return {*needs, Period(self.burst)}

    def epoch_steps(self, trainer: Any) -> int:
        """Count the optimiser steps between two validations: ``epoch``, or fewer by a limit.

        Args:
            trainer: may have ``limit_train_batches``, where a batch is an optimiser step.
        """
        limit = trainer.limit_train_batches
        return min(self.epoch, limit) if isinstance(limit, int) and limit else self.epoch

    def val_dataloader(self) -> EvalBursts:
        """Make held-out batches, the same at every validation."""
        return self._eval_bursts(Purpose.VAL, "validation", self._limit("val"))

    def test_dataloader(self) -> EvalBursts:
        """Make batches that no training or validation has seen."""
        return self._eval_bursts(Purpose.TEST, "test", self._limit("test"))

    def predict_dataloader(self) -> EvalBursts:
        """Make batches to reconstruct."""
        return self._eval_bursts(Purpose.PREDICT, "predict", self._limit("predict"))

    def transfer_batch_to_device(self, batch: Burst, device: torch.device, _: int) -> Burst:
        """Move the world to where, and in which precision, the model computes."""
        if not isinstance(batch, Burst):
            raise UserError(
                f"{type(self).__name__} has a loader of its own, which gives no Burst; samples of "
                "your own are a distribution, named by data.features"
            )
        batch.world.to(device=device, dtype=_dtype(self.trainer.lightning_module))
        return batch

    def _attached_trainer(self) -> Any:
        if self.trainer is None:
            raise UserError(
                "the loaders tell a Trainer which steps to take; for the samples of a step call "
                "SyntheticData.world()(step, purpose=1)"
            )
        return self.trainer

    def _limit(self, stage: str) -> int:
        limit = getattr(self._attached_trainer(), f"limit_{stage}_batches")
        return min(limit, self.eval_batches) if isinstance(limit, int) else self.eval_batches

    def _eval_bursts(self, purpose: Purpose, stage: str, batches: int) -> EvalBursts:
        trainer = self._attached_trainer()
        burst = 1 if eval_hook(trainer, stage) else self.burst
        return EvalBursts(self.local_world(held_out=True), purpose, batches, burst, trainer)

    def _per_instance(self, what: str, value: PerFeature) -> Float[Tensor, "inst feat"]:
        values = _values(what, value, self.n).expand(self.grid.instances, -1).clone()
        for name in self.grid.names:
            match = AXIS.fullmatch(name)
            if match and match["what"] == what:
                column = torch.tensor(_numbers(name, self.grid.column(name, 1)), dtype=values.dtype)
                values[:, self._slice(name, match["feature"])] *= column[:, None]
        return values

    def _slice(self, name: str, feature: str | None) -> slice | list[int]:
        if feature is None:
            return slice(None)
        if ":" in feature:
            part = slice(*(int(end) if end else None for end in feature.split(":")))
            if not range(self.n)[part]:
                raise UserError(f"grid axis '{name}' names none of the {self.n} features of data.n")
            return part
        if not -self.n <= int(feature) < self.n:
            raise UserError(f"grid axis '{name}' names a feature outside the {self.n} of data.n")
        return [int(feature)]


def _dtype(model: nn.Module) -> torch.dtype:
    return next(model.parameters()).dtype


def _values(what: str, value: PerFeature, n: int) -> Tensor:
    values = value.values(n) if isinstance(value, Curve) else value
    values = [values] * n if isinstance(values, int | float) else values
    if len(values) != n:
        raise UserError(f"data.{what} has {len(values)} values; it needs one for each of n={n}")
    return torch.tensor(values, dtype=torch.float64)


def _numbers(name: str, column: Sequence[float | str]) -> Sequence[float | str]:
    for value in column:
        if isinstance(value, str):
            raise UserError(f"grid axis '{name}' holds '{value}'; it must hold numbers")
    return column


def _check_range(what: str, values: Tensor) -> None:
    limits, good = RANGES[what]
    bad = (~good(values)).nonzero()
    if len(bad):
        inst, feature = (int(i) for i in bad[0])
        value = float(values[inst, feature])
        raise UserError(f"data.{what} of feature {feature} is {value:g}; it must be {limits}")


RANGES: dict[str, tuple[str, Callable[[Tensor], Tensor]]] = {
    "density": ("above 0 and at most 1", lambda v: (v > 0) & (v <= 1)),
    "importance": ("finite and not negative", lambda v: (v >= 0) & v.isfinite()),
}
