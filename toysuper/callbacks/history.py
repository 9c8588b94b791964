"""Snapshots during training, for figures and claims about learning dynamics."""

from dataclasses import replace
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer
from torch import Tensor

from toysuper.data.memory import check_bound, check_memory
from toysuper.errors import UserError
from toysuper.functional.spacing import log_spaced
from toysuper.snapshot import Snapshot, map_tensors

MAX_MOMENTS = 10_000
"""Most Snapshots of a history."""


class History(Callback):
    """Takes Snapshots at step 0 and at log-spaced steps from 1 to the last: ``Snapshot.history``.

    Bursts end at these steps, whatever the logging and the validations. The loss of every Snapshot
    is of the same held-out batch. Checkpoints hold the history, so a resumed run has all of it.

    Args:
        num: how many log-spaced steps, of which rounding may make early ones equal; 0 takes none.

    Raises:
        UserError: ``num`` is negative, or training has no end.
    """

    def __init__(self, num: int = 0) -> None:
        if num < 0:
            raise UserError(f"history.num is {num}; it must be at least 0")
        check_bound("history.num", num, MAX_MOMENTS)
        self.num, self.steps, self.moments = num, frozenset[int](), list[Snapshot]()
        self.saved: dict[str, Any] = {}

    def on_fit_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Choose the steps."""
        self.moments = []
        total = pl_module.total_steps()
        if self.num and total == torch.inf:
            raise UserError("history needs an end; set trainer.max_steps or trainer.max_epochs")
        if not self.num:
            self.steps = frozenset()
            return
        self.steps = frozenset(log_spaced(int(total), self.num))
        numbers = 2 * sum(p.numel() for p in pl_module.variant.parameters())
        check_memory(len(self.steps) * numbers, f"a history of {len(self.steps):,} moments")
        data: Any = trainer.datamodule
        data.stop_at(self.steps)

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Take the Snapshot of this step, after those of the checkpoint."""
        self._restore(trainer, pl_module)
        if self.num:
            data: Any = trainer.datamodule
            strategy: Any = trainer.strategy
            instances = getattr(strategy, "local_instances", None) or slice(None)
            world = data.world(held_out=True, instances=instances)
            self.world = world.to(pl_module.device, next(pl_module.parameters()).dtype)
            taken = {moment.step for moment in self.moments}
            if trainer.global_step in {0, *self.steps} - taken:  # an error may have come before
                self._take(trainer, pl_module)

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *_: Any) -> None:
        """Take a Snapshot after a burst that ended at one of the steps."""
        if trainer.global_step in self.steps:
            self._take(trainer, pl_module)

    def on_validation_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Restore the history of a checkpoint that is evaluated."""
        self._restore(trainer, pl_module)

    on_test_start = on_validation_start

    def state_dict(self) -> dict[str, Any]:
        """Stack the loss and the parameters of every Snapshot, for a checkpoint."""
        if not self.moments:
            return {}
        names = [name for name, _ in self.moments[0].model.named_parameters()]
        parameters = [dict(moment.model.named_parameters()) for moment in self.moments]
        return {
            "step": [moment.step for moment in self.moments],
            "loss": torch.stack([moment.loss for moment in self.moments]),
            "model": {name: torch.stack([p[name].data for p in parameters]) for name in names},
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Keep the state until there is a model to complete it."""
        self.saved = state_dict

    def _restore(self, trainer: Trainer, module: Any) -> None:
        saved, self.saved = self.saved, {}
        if saved:
            now = module.snapshot()
            try:
                _check_saved(saved, now)
                moments = [_restored(now, saved, k) for k in range(len(saved["step"]))]
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise UserError(f"the history in the checkpoint is damaged ({error!r})") from error
            for moment in moments:
                self._add(module, moment)

    def _take(self, trainer: Trainer, module: Any) -> None:
        loss = module.losses_of_one_batch(self.world).cpu()
        self._add(module, replace(module.snapshot(), loss=loss, objective=None, history=()))

    def _add(self, module: Any, moment: Snapshot) -> None:
        module.history.append(moment)
        self.moments = module.history


def _check_saved(saved: dict[str, Any], now: Snapshot) -> None:
    """Raise an error if a saved history does not fit the model."""
    steps, parameters = saved["step"], dict(now.model.named_parameters())
    is_steps = len(steps) <= MAX_MOMENTS and all(isinstance(step, int) for step in steps)
    shapes = [(saved["loss"], now.loss)]
    shapes += [(saved["model"][name], parameter) for name, parameter in parameters.items()]
    if not is_steps or any(a.shape != (len(steps), *b.shape) for a, b in shapes):
        raise ValueError("other shapes")


def _restored(now: Snapshot, saved: dict[str, Any], k: int) -> Snapshot:
    """Restore the k-th Snapshot of a checkpoint; buffers are those of the present model."""
    parameters = saved["model"]

    def earlier(name: str, tensor: Tensor) -> Tensor:
        return parameters[name][k] if name in parameters else tensor

    model, loss = map_tensors(now.model, earlier), saved["loss"][k]
    return replace(now, model=model, loss=loss, objective=None, step=saved["step"][k], history=())
