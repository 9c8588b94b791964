"""HeldOut: what an ensemble is measured by in validation and test."""

import warnings
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torchmetrics import Metric, MetricCollection

from toysuper.data.bursts import Burst
from toysuper.data.grid import format_cells
from toysuper.engine import EnsembleMetrics
from toysuper.errors import UserError
from toysuper.functional.losses import finite_mean
from toysuper.metrics.streaming import FeatureLoss, FeatureMean, FiringRate, InstanceMean
from toysuper.objectives.base import ExpectedLoss
from toysuper.training.sharding import gather_instances, is_sharded


class HeldOut:
    """Measures loss, firing rate, further metrics and, where it is not the loss, the objective.

    Args:
        module: an :class:`~toysuper.training.module.EnsembleModule`.
        metrics: torchmetrics besides these.
    """

    def __init__(self, module: Any, metrics: Sequence[Metric]) -> None:
        self.module = module
        own = [FeatureLoss(), FiringRate(), *metrics]
        self.metrics = MetricCollection(own, compute_groups=False)
        self.objective_mean = InstanceMean()
        self.evaluator: EnsembleMetrics | None = None
        self.diverged: frozenset[int] = frozenset()

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "evaluator": None}

    def reset(self) -> None:
        """Forget earlier measurements."""
        for metric in (self.metrics, self.objective_mean):
            metric.to(self.module.device).reset()

    def update(self, burst: Burst) -> None:
        """Add the batches of a burst; other metrics than FeatureMean get answers and targets."""
        means = [metric for metric in self.metrics.values() if isinstance(metric, FeatureMean)]
        objective: Any = self.module.objective
        objective = None if type(objective) is ExpectedLoss else objective
        if not self._is_for(burst, objective):
            functions, module = [mean.of for mean in means], self.module
            self.evaluator = EnsembleMetrics(
                module.variant, burst.world, burst.purpose, functions, objective, module.jit
            )
        updated = means if objective is None else [*means, self.objective_mean]
        at, steps = torch.tensor(burst.start, device=self.module.device), burst.stop - burst.start
        for _, values in zip(range(steps), self.evaluator.steps(at), strict=False):
            for metric, value in zip(updated, values, strict=True):
                metric.update(value)
            at += 1
        self._update_others(burst)

    def _is_for(self, burst: Burst, objective: Any) -> bool:
        predictions: Any = self.evaluator.module if self.evaluator else None
        return (
            predictions is not None
            and predictions.world is burst.world
            and predictions.model is self.module.variant
            and predictions.objective is objective
        )

    def _update_others(self, burst: Burst) -> None:
        others: list[Any] = [m for m in self.metrics.values() if not isinstance(m, FeatureMean)]
        for batch in burst.batches() if others else ():
            prediction = self.module(batch.features)
            for metric in others:
                metric.update(prediction, batch.target)

    def check(self, prediction: Tensor, target: Tensor) -> None:
        """Try the metrics that are no FeatureMean with answers and targets.

        Args:
            prediction: answers of the models, ``(inst, feat, batch)``.
            target: what they should be.

        Raises:
            UserError: a metric does not take them.
        """
        for metric in self.metrics.values():
            if isinstance(metric, FeatureMean):
                continue
            try:
                deepcopy(metric).to(prediction.device).update(prediction, target)
            except Exception as error:  # metrics raise many kinds
                raise UserError(
                    f"model.metrics: {type(metric).__name__} does not take answers and targets "
                    f"(inst, feat, batch): {error}; derive a metric of each instance from "
                    "toysuper.metrics.FeatureMean"
                ) from error

    def loss(self) -> Float[Tensor, "inst feat"] | None:
        """Compute the loss of each feature, of the whole ensemble; None before any batch."""
        return self._measured(self.metrics["FeatureLoss"])

    def objective(self) -> Float[Tensor, " inst"] | None:
        """Compute the objective of each instance; None where it is the loss, or not measured."""
        return self._measured(self.objective_mean)

    def _measured(self, metric: Metric) -> Tensor | None:
        return self._compute(metric).cpu() if metric.update_called else None

    def _compute(self, metric: Metric) -> Tensor:
        """Compute a metric of the whole ensemble, whichever way ranks share the work."""
        trainer = self.module._trainer
        if not is_sharded(trainer):
            value = metric.compute()  # torchmetrics takes the axes from a single number
            is_mean = isinstance(metric, FeatureMean) and value.ndim == 0
            return value.reshape(metric.total.shape) if is_mean else value
        if isinstance(metric, FeatureMean):
            return gather_instances(trainer, metric.total / metric.batches)
        instances = self.module.variant.grid.instances
        for name, start in metric._defaults.items():  # the same answer on every rank
            grown = isinstance(start, Tensor) and getattr(metric, name).ndim > start.ndim
            if grown or (isinstance(start, Tensor) and instances in start.shape[:1]):
                raise UserError(
                    f"{type(metric).__name__} keeps values of each instance; derive it from "
                    "toysuper.metrics.streaming.FeatureMean to use it with ensemble_shard"
                )
        return metric.compute()

    def gather(self) -> None:
        """Extend what this rank measured to all instances, when sharding ends."""
        for metric in (*self.metrics.values(), self.objective_mean):
            if isinstance(metric, FeatureMean) and metric.total.ndim:
                metric.total = gather_instances(self.module._trainer, metric.total)

    def log(self, stage: str) -> None:
        """Log the means over the ensemble.

        Args:
            stage: ``val`` or ``test``, the first part of each tag.
        """
        for name, metric in self.metrics.items():
            value = self._compute(metric)
            if name == "FeatureLoss":
                self._log_loss(stage, value.sum(-1))
            else:
                self.module.log_at_step(f"{stage}/{name}", finite_mean(value))
        if self.objective_mean.update_called:
            objective = finite_mean(self._compute(self.objective_mean))
            self.module.log_at_step(f"{stage}/objective", objective)

    def _log_loss(self, stage: str, losses: Float[Tensor, " inst"]) -> None:
        """Log the mean over the instances that have a loss, and warn of those that have none."""
        module = self.module
        module.log_at_step(f"{stage}/loss", finite_mean(losses))
        diverged = (~losses.isfinite()).nonzero().flatten().tolist()
        if diverged:
            module.log_at_step(f"{stage}/diverged", losses.new_tensor(float(len(diverged))))
        new = [i for i in diverged if i not in self.diverged]
        self.diverged |= {*new}
        if new and module.trainer.is_global_zero:
            cells = format_cells([module.variant.grid.coordinates[i] for i in new])
            warnings.warn(f"by step {module.steps} these models diverged: {cells}", stacklevel=2)
