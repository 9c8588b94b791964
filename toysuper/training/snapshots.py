"""LatestSnapshot: the ensemble as it is at this step, frozen once for all who ask."""

from dataclasses import replace
from typing import Any

from toysuper.data.datamodule import SyntheticData
from toysuper.snapshot import Snapshot
from toysuper.training.sharding import gather_model


class LatestSnapshot:
    """Freezes an ensemble, with the losses that were measured of these weights.

    Args:
        module: an :class:`~toysuper.training.module.EnsembleModule`.
    """

    def __init__(self, module: Any) -> None:
        self.module = module
        self.forget()

    def forget(self) -> None:
        """Forget what was frozen: the weights change, or are measured anew."""
        self.latest: Snapshot | None = None
        self.measured: Snapshot | None = None

    def begin_measurement(self) -> None:
        """Freeze the weights that are measured; a callback may put others there meanwhile."""
        self.measured = self._freeze(self.module.trainer.datamodule)

    def take(self, data: SyntheticData | None) -> Snapshot:
        """Return the ensemble at this step.

        Args:
            data: what the models were shown; without, the trainer's. Losses are of the trainer's.
        """
        trainer, history = self.module._trainer, tuple(self.module.history)
        if data and trainer and data is not trainer.datamodule:
            return replace(self._freeze(data), history=history)
        if self.latest is None or self.latest.step != self.module.steps:
            self.latest = self._freeze_measured(data or self.module.trainer.datamodule)
        return replace(self.latest, history=history)

    def _freeze_measured(self, data: SyntheticData) -> Snapshot:
        measured, held_out = self.measured, self.module.held_out
        loss = held_out.loss()
        if measured is None or measured.step != self.module.steps or loss is None:
            return self._freeze(data)
        return replace(measured, loss=loss, objective=held_out.objective())

    def _freeze(self, data: SyntheticData) -> Snapshot:
        model = gather_model(self.module._trainer, self.module.variant)
        return model.snapshot(data, step=self.module.steps)
