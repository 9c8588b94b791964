"""Snapshots along the way, for figures and claims about learning dynamics."""

from dataclasses import replace
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer

from toysuper.data.memory import check_memory
from toysuper.errors import UserError
from toysuper.functional.spacing import log_spaced
from toysuper.snapshot import Snapshot
from toysuper.training.sharding import share

KEPT = ("encoder", "decoder", "bias", "hidden_bias", "loss")


class History(Callback):
    """Fills ``Snapshot.history`` at step 0 and at log-spaced steps from 1 to the last.

    A schedule of its own, whatever the logging and the validations: bursts end where it wants
    a look. The loss of every moment is of the same held-out batch. Checkpoints hold the history,
    so a resumed run has all of it.

    Args:
        num: how many log-spaced steps, of which early ones may be the same; 0 takes none.

    Raises:
        UserError: ``num`` is negative, or training has no end.
    """

    def __init__(self, num: int = 0) -> None:
        if num < 0:
            raise UserError(f"history.num is {num}; it must be at least 0")
        self.num, self.stops, self.moments = num, frozenset[int](), list[Snapshot]()
        self.saved: dict[str, Any] = {}

    def on_fit_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Choose the steps."""
        self.moments = []
        total = pl_module.total_steps()
        if self.num and total == torch.inf:
            raise UserError("history needs an end; set trainer.max_steps or trainer.max_epochs")
        if not self.num:
            self.stops = frozenset()
            return
        check_memory(self.num, f"a history of {self.num:,} moments")
        self.stops = frozenset(log_spaced(int(total), self.num))
        model = 3 * pl_module.grid.instances * pl_module.n * (pl_module.hidden + 1)
        check_memory(len(self.stops) * model, f"a history of {len(self.stops):,} moments")

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Look at the beginning, or take up what the checkpoint held."""
        self._restore(trainer, pl_module)
        if self.num:
            data: Any = trainer.datamodule
            world = data.world(held_out=True, part=share(trainer))
            self.world = world.to(pl_module.device, pl_module.b.dtype)
            if trainer.global_step == 0:
                self._look(trainer, pl_module)

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *_: Any) -> None:
        """Look after a burst that ended at one of the steps."""
        if trainer.global_step in self.stops:
            self._look(trainer, pl_module)

    def on_validation_start(self, trainer: Trainer, pl_module: Any) -> None:
        """A checkpoint that is evaluated shows its history too."""
        self._restore(trainer, pl_module)

    on_test_start = on_validation_start

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps of every moment."""
        if not self.moments:
            return {}
        kept = {name: torch.stack([getattr(m, name) for m in self.moments]) for name in KEPT}
        return {**kept, "step": [moment.step for moment in self.moments]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Keep it until the model can complete it."""
        self.saved = state_dict

    def _restore(self, trainer: Trainer, model: Any) -> None:
        saved, self.saved = self.saved, {}
        if saved:
            now = model.snapshot(trainer.datamodule)
            self.moments = [
                replace(now, step=step, history=(), **{name: saved[name][k] for name in KEPT})
                for k, step in enumerate(saved["step"])
            ]
            model.history = self.moments

    def _look(self, trainer: Trainer, model: Any) -> None:
        now = model.snapshot(trainer.datamodule)
        loss = model.held_out_losses(self.world).cpu()
        self.moments.append(replace(now, loss=loss, history=()))
        model.history = self.moments
