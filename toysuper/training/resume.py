"""Resume: what a checkpoint keeps besides weights, and how training goes on with it."""

from typing import Any

import torch
from torch import Tensor

from toysuper.errors import UserError
from toysuper.runs.checkpoint_checks import (
    check_checkpoint_fits,
    check_optimizer_states,
    check_progress,
    check_some_finite,
)
from toysuper.training.burst_runner import set_rates


class Resume:
    """Saves and restores the optimiser's settings and the numbers that were logged.

    Args:
        module: an :class:`~toysuper.training.module.EnsembleModule`.
    """

    def __init__(self, module: Any) -> None:
        self.module = module
        self.optimizer_keys: set[str] = set()
        self.steps = 0
        self.forget()

    def forget(self) -> None:
        """Forget an earlier use of the module, but for the steps behind its weights."""
        self.settings: list[dict[str, Any]] = []
        self.metrics: dict[str, Tensor] = {}

    def save(self, checkpoint: dict[str, Any]) -> None:
        """Write whose checkpoint it is, and what training goes on with.

        Args:
            checkpoint: what will be saved.
        """
        module = self.module
        metrics = {name: float(v) for name, v in module.trainer.callback_metrics.items()}
        variant = type(module.variant).__name__
        own = {"variant": variant, "settings": module.settings, "metrics": metrics}
        checkpoint["toysuper"] = own

    def load(self, checkpoint: dict[str, Any]) -> None:
        """Take what training goes on with.

        Args:
            checkpoint: what was saved.

        Raises:
            UserError: it is of something else, or leaves nothing to train.
        """
        check_checkpoint_fits(checkpoint, self.module.state_dict())
        check_some_finite(checkpoint)
        shapes = [p.shape for p in self.module.parameters()]
        check_optimizer_states(checkpoint, shapes, self.optimizer_keys)
        check_progress(checkpoint)
        self.steps = checkpoint["global_step"]
        self._load_own(checkpoint["toysuper"])
        trainer = self.module._trainer
        if checkpoint.get("loops") and trainer:
            _end_epoch(checkpoint["loops"]["fit_loop"], bool(trainer.limit_val_batches))
        if trainer and trainer.state.fn == "fit" and self.steps >= self.module.total_steps():
            raise UserError(
                f"the checkpoint is at step {self.steps} and trainer.max_steps is "
                f"{trainer.max_steps}; raise it to train on"
            )

    def _load_own(self, own: Any) -> None:
        own = own if isinstance(own, dict) else {}
        settings, metrics = own.get("settings"), own.get("metrics")
        groups = settings if isinstance(settings, list) else []
        numbers = metrics.items() if isinstance(metrics, dict) else ()
        self.settings = [group for group in groups if isinstance(group, dict)]
        self.metrics = {str(k): torch.tensor(v) for k, v in numbers if isinstance(v, float)}

    def restore(self) -> None:
        """Go on with the settings of the checkpoint, but for those that the config changed."""
        module = self.module
        module.trainer.callback_metrics.update(self.metrics)
        before = self.settings or [{} for _ in module.settings]
        groups = module.optimizers().param_groups
        for group, new, old in zip(groups, module.settings, before, strict=False):
            group.update({k: v for k, v in new.items() if k not in old or old[k] != v})
        if module.scheduler and self.settings:  # of a config that may have another last step
            set_rates(module, module.steps)


def _end_epoch(loop: dict[str, Any], validates: bool) -> None:
    """Let what an error ended after the last step of an epoch go on as if in its validation.

    Lightning takes such an epoch for ended, but counts its batches on in the next.
    """
    batches, validation = (loop.get(f"epoch_loop.{n}batch_progress") for n in ("", "val_loop."))
    if not batches or not validation or not batches["is_last_batch"]:
        return
    if batches["total"]["completed"] == batches["total"]["processed"]:
        return
    if not validates:  # Lightning is about to add one
        batches["current"] = {**dict.fromkeys(batches["current"], 0), "completed": -1}
        return
    for span in ("total", "current"):
        batches[span]["completed"] = batches[span]["processed"]
        done = validation[span]["completed"]
        validation[span] |= {"ready": done + 1, "started": done + 1, "processed": done}
