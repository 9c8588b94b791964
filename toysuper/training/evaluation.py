"""How every toy model is judged: streaming metrics over held-out batches."""

import warnings
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor
from torchmetrics import Metric, MetricCollection

from toysuper.data.bursts import Burst
from toysuper.data.grid import Grid, places
from toysuper.data.world import World
from toysuper.engine import Measures
from toysuper.errors import UserError
from toysuper.functional.losses import feature_losses, finite_mean
from toysuper.functional.noise import Purpose
from toysuper.metrics.streaming import FeatureMean
from toysuper.training.sharding import is_sharded, whole


def log_at_step(model: Any, name: str, value: Tensor) -> None:
    """Log at the optimiser step; left to itself Lightning counts bursts."""
    model.log(name, value, batch_size=1, sync_dist=True)
    model.log("step", float(model.steps), batch_size=1, sync_dist=True)


class Evaluation(LightningModule):
    """The evaluating half of a ToyModel, which sets the attributes below."""

    held_out: MetricCollection

    jit: bool
    grid: Grid
    b: Tensor
    measures: Measures | None = None
    known_diverged: frozenset[int] = frozenset()

    def on_validation_epoch_start(self) -> None:
        """Measure afresh, where the model is."""
        self.held_out.to(self.device).reset()

    on_test_epoch_start = on_validation_epoch_start

    def validation_step(self, burst: Burst, _: int) -> None:
        """Update the held-out metrics, those that are no FeatureMean batch by batch."""
        means = [m for m in self.held_out.values() if isinstance(m, FeatureMean)]
        if self.measures is None or self.measures.module.world is not burst.world:
            functions = [mean.of for mean in means]
            self.measures = Measures(self, burst.world, burst.purpose, functions, self.jit)
        at = torch.tensor(burst.start, device=self.device)
        for _, values in zip(range(burst.start, burst.stop), self.measures.steps(at), strict=False):
            for mean, value in zip(means, values, strict=True):
                mean.update(value)
            at += 1
        others: list[Any] = [m for m in self.held_out.values() if not isinstance(m, FeatureMean)]
        for batch in burst.batches() if others else ():
            for metric in others:
                metric.update(self(batch.features), batch)

    test_step = validation_step

    @torch.no_grad()
    def held_out_losses(self, world: World) -> Tensor:
        """The loss of each feature on one held-out batch, ``(inst, feat)``, whatever the step."""
        batch = world(0, Purpose.ANALYSIS)
        answer = self(batch.features)
        losses = feature_losses(answer, batch.target, batch.importance, batch.weight)
        return self.whole(losses)

    def whole(self, values: Tensor) -> Tensor:
        """What all instances have, from what this rank's have."""
        return whole(self.trainer, values) if self._trainer else values

    def measured(self, metric: Metric) -> Tensor:
        """A metric of the whole ensemble, whichever way ranks share the work.

        Raises:
            UserError: it keeps values of instances in a way that ranks cannot put together.
        """
        if not (self._trainer and is_sharded(self.trainer)):
            return metric.compute()
        if isinstance(metric, FeatureMean):
            return whole(self.trainer, metric.total / metric.batches)  # of our instances alone
        for name, start in metric._defaults.items():  # the same answer on every rank
            grown = isinstance(start, Tensor) and getattr(metric, name).ndim > start.ndim
            if grown or (isinstance(start, Tensor) and self.grid.instances in start.shape[:1]):
                raise UserError(
                    f"{type(metric).__name__} keeps values of each instance; derive it from "
                    "toysuper.metrics.streaming.FeatureMean to use it with ensemble_shard"
                )
        return metric.compute()

    def join_held_out(self) -> None:
        """Keep for all instances what was kept for this rank's."""
        for metric in self.held_out.values():
            if isinstance(metric, FeatureMean) and metric.total.ndim:
                metric.total = whole(self.trainer, metric.total)

    def on_validation_epoch_end(self) -> None:
        """Log the mean loss of the ensemble."""
        self._log_held_out("val")

    def on_test_epoch_end(self) -> None:
        """Log the mean loss of the ensemble."""
        self._log_held_out("test")

    def _log_held_out(self, stage: str) -> None:
        for name, metric in self.held_out.items():
            value = self.measured(metric)
            if name == "FeatureLoss":
                self._log_loss(stage, value.sum(-1))
            else:
                log_at_step(self, f"{stage}/{name}", finite_mean(value))

    def _log_loss(self, stage: str, losses: Tensor) -> None:
        """Log the mean over the instances that have one, and say which have none."""
        log_at_step(self, f"{stage}/loss", finite_mean(losses))
        diverged = (~losses.isfinite()).nonzero().flatten().tolist()
        if diverged:
            log_at_step(self, f"{stage}/diverged", losses.new_tensor(float(len(diverged))))
        new = [i for i in diverged if i not in self.known_diverged]
        self.known_diverged |= {*new}
        if new and self.trainer.is_global_zero:
            which = places([self.grid.coordinates[i] for i in new])
            warnings.warn(f"by step {self.steps} these models diverged: {which}", stacklevel=2)

    def predict_step(self, burst: Burst, _: int) -> dict[str, Tensor]:
        """Features and what the model answers, ``(inst, feat, batch)``."""
        x = torch.cat([batch.features for batch in burst.batches()], -1)
        return {"features": x, "reconstruction": self(x)}
