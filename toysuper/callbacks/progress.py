"""A progress bar that counts optimiser steps."""

from typing import Any

from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import ProgressBar
from tqdm import tqdm

from toysuper.callbacks.waiting import Waiting


class StepProgressBar(ProgressBar):
    """Shows the loss and the steps per second; Lightning's own bar counts bursts.

    Args:
        seconds: time between two updates.
    """

    def __init__(self, seconds: float = 0.5) -> None:
        super().__init__()
        self.seconds = seconds
        self.bar: tqdm | None = None
        self.message: Waiting | None = None
        self.enabled = True

    def disable(self) -> None:
        """Show nothing, on every rank but the first."""
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
        self._show_message("compiling the training step" if pl_module.jit else "the first steps")

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        """Advance by the steps of a burst."""
        self._remove_message()
        if self.bar is None or self.bar.disable:
            return
        loss = trainer.callback_metrics.get("val/loss", trainer.callback_metrics.get("train/loss"))
        if loss is not None:
            self.bar.set_postfix_str(f"loss {float(loss):.3g}", refresh=False)
        self.bar.update(trainer.global_step - self.bar.n)

    def on_validation_start(self, *_: Any) -> None:
        """Show a message if measuring takes long."""
        self._show_message("measuring the held-out loss")

    def on_validation_end(self, *_: Any) -> None:
        """Remove the message."""
        self._remove_message()

    def on_test_start(self, *_: Any) -> None:
        """Show a message if measuring takes long."""
        self._show_message("measuring the held-out loss")

    def on_predict_start(self, *_: Any) -> None:
        """Show a message if predicting takes long."""
        self._show_message("predicting")

    def on_test_end(self, *_: Any) -> None:
        """Remove the message."""
        self._remove_message()

    def on_predict_end(self, *_: Any) -> None:
        """Remove the message."""
        self._remove_message()

    def on_exception(self, *_: Any) -> None:
        """Remove the message, and leave the bar on a line of its own."""
        self._remove_message()
        self.on_train_end()

    def _show_message(self, message: str) -> None:
        self._remove_message()
        if self.enabled:
            self.message = Waiting(message).start()

    def _remove_message(self) -> None:
        if self.message:
            self.message.stop()
            self.message = None

    def on_train_end(self, *_: Any) -> None:
        """Leave the bar at its last state."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None
