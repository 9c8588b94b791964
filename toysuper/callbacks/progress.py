"""A progress bar that counts optimiser steps."""

from typing import Any

from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import ProgressBar
from tqdm import tqdm

from toysuper.callbacks.waiting import Waiting


class StepProgressBar(ProgressBar):
    """Loss and steps per second, once or twice a second; Lightning's own bar counts bursts."""

    def __init__(self, seconds: float = 0.5) -> None:
        super().__init__()
        self.seconds = seconds
        self.bar: tqdm | None = None
        self.waiting: Waiting | None = None
        self.enabled = True

    def disable(self) -> None:
        """Stay silent (every rank but the first)."""
        self.enabled = False

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Start the bar where training starts."""
        self.bar = tqdm(
            total=total if (total := pl_module.total_steps()) < float("inf") else None,
            initial=trainer.global_step,
            desc="fit",
            unit=" steps",
            mininterval=self.seconds,
            disable=not self.enabled,
            dynamic_ncols=True,
        )
        self._wait("compiling the training step" if pl_module.jit else "the first steps")

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        """Move on by a burst."""
        self._done()
        if self.bar is None or self.bar.disable:
            return
        loss = trainer.callback_metrics.get("val/loss", trainer.callback_metrics.get("train/loss"))
        if loss is not None:
            self.bar.set_postfix_str(f"loss {float(loss):.3g}", refresh=False)
        self.bar.update(trainer.global_step - self.bar.n)

    def on_validation_start(self, *_: Any) -> None:
        """Say that the loss is measured, should it take long."""
        self._wait("measuring the held-out loss")

    def on_validation_end(self, *_: Any) -> None:
        """It is."""
        self._done()

    def on_test_start(self, *_: Any) -> None:
        """Say that the loss is measured, should it take long."""
        self._wait("measuring the held-out loss")

    def on_predict_start(self, *_: Any) -> None:
        """Say what takes long."""
        self._wait("predicting")

    def on_test_end(self, *_: Any) -> None:
        """It is done."""
        self._done()

    def on_predict_end(self, *_: Any) -> None:
        """It is done."""
        self._done()

    def on_exception(self, *_: Any) -> None:
        """Say no more."""
        self._done()

    def _wait(self, what: str) -> None:
        self._done()
        if self.enabled:
            self.waiting = Waiting(what).start()

    def _done(self) -> None:
        if self.waiting:
            self.waiting.stop()
            self.waiting = None

    def on_train_end(self, *_: Any) -> None:
        """Leave the bar at its last state."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None
