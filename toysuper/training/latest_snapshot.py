"""LatestSnapshot: the ensemble as it is at this step, frozen once for all who ask."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

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
        latest = self._current() or self._freeze_measured(data or self.module.trainer.datamodule)
        self.latest = latest
        return replace(latest, history=history)

    def _current(self) -> Snapshot | None:
        """Return the latest if it is of this step, and nobody changed weights since the use."""
        latest, trainer = self.latest, self.module._trainer
        if latest is None or latest.step != self.module.steps:
            return None
        is_in_use = trainer and not trainer.state.finished
        weights = self.module.variant.state_dict().values()
        if is_in_use or all(map(_same, latest.model.state_dict().values(), weights)):
            return latest
        self.forget()
        return None

    def _freeze_measured(self, data: SyntheticData) -> Snapshot:
        measured, held_out = self.measured, self.module.held_out
        loss = held_out.loss()
        if measured is None or measured.step != self.module.steps or loss is None:
            return self._freeze(data)
        return replace(measured, loss=loss, objective=held_out.objective())

    def _freeze(self, data: SyntheticData) -> Snapshot:
        model = gather_model(self.module._trainer, self.module.variant)
        return model.snapshot(data, step=self.module.steps)


def _same(a: Tensor, b: Tensor) -> bool:
    b = b.to(a.device, a.dtype)
    return a.shape == b.shape and torch.allclose(a, b, rtol=0, atol=0, equal_nan=True)
