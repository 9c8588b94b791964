"""How every toy model is judged: streaming metrics over held-out batches."""

from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor
from torchmetrics import MetricCollection

from toysuper.bursts import Burst
from toysuper.engine import Measures
from toysuper.functional.losses import feature_losses
from toysuper.functional.noise import Purpose
from toysuper.metrics.streaming import FeatureMean
from toysuper.world import World


def log_at_step(model: Any, name: str, value: Tensor) -> None:
    """Log at the optimiser step; left to itself Lightning counts bursts."""
    model.log(name, value, batch_size=1, sync_dist=True)
    model.log("step", float(model.steps), batch_size=1, sync_dist=True)


class Evaluation(LightningModule):
    """The evaluating half of a ToyModel, which sets the attributes below."""

    held_out: MetricCollection

    jit: bool
    measures: Measures | None = None

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
        return feature_losses(answer, batch.target, batch.importance, batch.weight)

    def on_validation_epoch_end(self) -> None:
        """Log the mean loss of the ensemble."""
        self._log_held_out("val")

    def on_test_epoch_end(self) -> None:
        """Log the mean loss of the ensemble."""
        self._log_held_out("test")

    def _log_held_out(self, stage: str) -> None:
        for name, metric in self.held_out.items():
            if name == "FeatureLoss":
                log_at_step(self, f"{stage}/loss", metric.compute().sum(-1).mean())
            else:
                log_at_step(self, f"{stage}/{name}", metric.compute().mean())

    def predict_step(self, burst: Burst, _: int) -> dict[str, Tensor]:
        """Features and what the model answers, ``(inst, feat, batch)``."""
        x = torch.cat([batch.features for batch in burst.batches()], -1)
        return {"features": x, "reconstruction": self(x)}
