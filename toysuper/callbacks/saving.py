"""When checkpoints are written: after every validation, and at SIGTERM."""

import re
import signal
import threading
from pathlib import Path
from typing import Any

from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import Checkpoint

from toysuper.callbacks.base import run_folder
from toysuper.runs.checkpoints import list_checkpoints


class Stopped(Exception):
    """Training ended early at SIGTERM, after its state was saved."""


class Checkpoints(Checkpoint):
    """Writes ``checkpoints/epoch=<e>-step=<k>.ckpt`` and keeps the newest two.

    At SIGTERM the burst is finished, its state saved, and :class:`Stopped` raised, on every rank
    at the same step.

    Args:
        keep: number of checkpoints to keep.
    """

    def __init__(self, keep: int = 2) -> None:
        self.keep, self.terminated = keep, False

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Listen for SIGTERM; Lightning restores the earlier handler at the end."""
        self.terminated, self.launcher = False, trainer.strategy.launcher
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._on_sigterm)

    def _on_sigterm(self, signum: int, _: Any) -> None:
        if self.launcher and not self.terminated:
            self.launcher.kill(signum)  # the processes that it started for the other ranks
        self.terminated = True

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *_: Any) -> None:
        """Save and stop if any rank received SIGTERM."""
        if trainer.world_size > 1:
            self.terminated = trainer.strategy.reduce_boolean_decision(self.terminated, all=False)
        if self.terminated and not trainer.is_last_batch:  # else after the validation that follows
            self._save(trainer)
            self._stop(trainer)

    def on_validation_end(self, trainer: Trainer, pl_module: Any) -> None:
        """Save; stop if steps are left and any rank received SIGTERM."""
        if trainer.state.fn == "fit" and not trainer.sanity_checking:
            self._save(trainer)
            if self.terminated and trainer.global_step < pl_module.total_steps():
                self._stop(trainer)

    def _stop(self, trainer: Trainer) -> None:
        raise Stopped(
            f"stopped at step {trainer.global_step}; the same command with "
            "--ckpt_path last goes on from there"
        )

    def _save(self, trainer: Trainer) -> None:
        folder = trainer.strategy.broadcast(run_folder(trainer))
        if folder is None:
            return
        folder, step = folder / "checkpoints", trainer.global_step
        path = folder / f"epoch={trainer.current_epoch}-step={step}.ckpt"
        trainer.save_checkpoint(path, weights_only=False)  # the optimiser's state, too
        if trainer.is_global_zero:
            _prune(folder, self.keep)


def _prune(folder: Path, keep: int) -> None:
    """Delete all but the newest of this callback's checkpoints, and none of another callback's."""
    checkpoints = [
        path
        for path in list_checkpoints(folder)
        if re.fullmatch(r"epoch=\d+-step=\d+.ckpt", path.name)
    ]
    for old in checkpoints[keep:]:
        old.unlink(missing_ok=True)
