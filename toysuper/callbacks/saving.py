"""When checkpoints are written: after every validation, and however training ends."""

import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import Checkpoint, ModelCheckpoint
from lightning.pytorch.strategies.launchers.multiprocessing import _MultiProcessingLauncher
from lightning.pytorch.trainer.call import _call_callback_hooks

from toysuper.callbacks.base import run_folder
from toysuper.errors import UserError, printable
from toysuper.runs.checkpoints import list_checkpoints
from toysuper.runs.folder import RunFolder
from toysuper.training.sharding import can_gather

SIGNALS = (signal.SIGTERM, signal.SIGINT)
"""Signals at which the burst is finished and its state saved."""


class Stopped(Exception):
    """Training ended early at a signal, after its state was saved.

    Args:
        signum: the signal.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(f"stopped by signal {signum}")
        self.signum = signum


class Checkpoints(Checkpoint):
    """Writes ``checkpoints/epoch=<e>-step=<k>.ckpt`` and keeps the newest two.

    It writes after every validation, at the end of an epoch without one, and where an error ends
    the training. At SIGTERM or Ctrl-C the burst is finished, its state saved, and :class:`Stopped`
    raised, on every rank at the same step; a second Ctrl-C ends the process at once.

    Args:
        keep: number of checkpoints to keep.

    Raises:
        UserError: the folder holds checkpoints of another run.
    """

    def __init__(self, keep: int = 2) -> None:
        self.keep, self.signum = keep, 0
        self.written: set[Path] = set()
        self.names: set[str] = set()
        self.saved_step = -1
        self.handlers: dict[int, Any] = {}
        self.callbacks: list[Checkpoint] = []
        self.best = ""

    @property
    def best_model_path(self) -> str:
        """Path that ``ckpt_path="best"`` means: that of a ModelCheckpoint; empty without one."""
        others = [c.best_model_path for c in self.callbacks if isinstance(c, ModelCheckpoint)]
        return next(filter(None, others), self.best)

    @best_model_path.setter
    def best_model_path(self, path: str) -> None:
        self.best = path  # from the process that a launcher started

    def setup(self, trainer: Trainer, pl_module: Any, stage: str) -> None:
        """Let callbacks hear of an error in a process of ddp_spawn, where Lightning is silent."""
        self.callbacks = trainer.checkpoint_callbacks
        if stage == "fit" and isinstance(trainer.strategy.launcher, _MultiProcessingLauncher):
            run = partial(_run_and_tell, trainer, trainer.fit_loop.run)
            trainer.fit_loop.run = run  # type: ignore[method-assign]

    def on_fit_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Refuse the folder of another run, whose checkpoints would be mixed with these."""
        folder = _folder(trainer)
        others = {*list_checkpoints(folder)} - self.written
        is_used = others and not trainer.ckpt_path and not trainer.fast_dev_run
        if trainer.is_global_zero and is_used:
            raise UserError(
                f"{folder} holds the checkpoints of another run; give the logger another name or "
                "version, or go on with that run by ckpt_path"
            )

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Listen for SIGTERM and Ctrl-C."""
        self.signum, self.launcher = 0, trainer.strategy.launcher
        self.saved_step = trainer.global_step
        mine = [p for p in list_checkpoints(_folder(trainer)) if p.name in self.names]
        self.written |= {*mine}  # of the folder, whatever a file says
        if threading.current_thread() is threading.main_thread():
            self.handlers = {s: signal.signal(s, self._on_signal) for s in SIGNALS}

    def _on_signal(self, signum: int, _: Any) -> None:
        if signum == signal.SIGINT:
            signal.signal(signal.SIGINT, signal.default_int_handler)  # for an impatient second one
        elif self.launcher and not self.signum:
            self.launcher.kill(signum)  # the processes that it started for the other ranks
        self.signum = signum

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *_: Any) -> None:
        """Save and stop if any rank received a signal."""
        if trainer.world_size > 1:
            signum = torch.tensor(self.signum, device=pl_module.device)
            self.signum = int(trainer.strategy.reduce(signum, reduce_op="max"))
        if self.signum and not trainer.is_last_batch:  # else after the validation that follows
            self._save(trainer)
            raise Stopped(self.signum)

    def on_validation_end(self, trainer: Trainer, pl_module: Any) -> None:
        """Save; stop if steps are left and any rank received a signal."""
        if trainer.state.fn == "fit" and not trainer.sanity_checking:
            self._save(trainer)
            if self.signum and trainer.global_step < pl_module.total_steps():
                raise Stopped(self.signum)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: Any) -> None:
        """Do the same where no validation did."""
        if self.saved_step != trainer.global_step:
            self.on_validation_end(trainer, pl_module)

    def on_exception(self, trainer: Trainer, pl_module: Any, exception: BaseException) -> None:
        """Save what was trained, if the weights are those of a whole step, and say how to go on."""
        runner, is_new = pl_module.runner, trainer.global_step > self.saved_step
        is_whole = runner is not None and runner.is_whole and not trainer.fast_dev_run
        if is_whole and is_new and can_gather(trainer, exception):
            self._save_alone(trainer)
        if trainer.is_global_zero and self.saved_step > 0 and trainer.state.fn == "fit":
            how = "stopped at step {}" if isinstance(exception, Stopped) else "step {} is saved"
            print(f"toysuper: {how.format(self.saved_step)}; {_go_on(trainer)}", file=sys.stderr)
        self.teardown(trainer, pl_module, "fit")

    def teardown(self, trainer: Trainer, pl_module: Any, stage: str) -> None:
        """Restore the earlier handlers of signals."""
        for signum, handler in self.handlers.items():
            signal.signal(signum, handler)
        self.handlers = {}

    def on_save_checkpoint(self, trainer: Trainer, pl_module: Any, checkpoint: Any) -> None:
        """Remember which checkpoints of the folder are this callback's to delete."""
        checkpoint["own_checkpoints"] = sorted(path.name for path in self.written)

    def on_load_checkpoint(self, trainer: Trainer, pl_module: Any, checkpoint: Any) -> None:
        """Remember those of the run that goes on."""
        names = checkpoint.get("own_checkpoints")
        self.names = {str(name) for name in names} if isinstance(names, list) else set()

    def _save_alone(self, trainer: Trainer) -> None:
        """Save without waiting for the other ranks, which may be elsewhere."""
        path = self._path(trainer)
        self.written.add(path)
        try:
            state = trainer._checkpoint_connector.dump_checkpoint(False)
            trainer.strategy.save_checkpoint(state, path)
            self.saved_step = trainer.global_step
        except OSError as error:
            sentence = f"step {trainer.global_step} could not be saved: {error}"
            print(printable(sentence), file=sys.stderr)

    def _path(self, trainer: Trainer) -> Path:
        name = f"epoch={trainer.current_epoch}-step={trainer.global_step}"
        path, others = _folder(trainer) / f"{name}.ckpt", 0
        while path.exists() and path not in self.written:  # a ModelCheckpoint's
            path, others = path.with_name(f"{name}-v{others + 1}.ckpt"), others + 1
        return path

    def _save(self, trainer: Trainer) -> None:
        if trainer.fast_dev_run:
            return
        path = trainer.strategy.broadcast(self._path(trainer))
        self.written.add(path)
        trainer.save_checkpoint(path, weights_only=False)  # the optimiser's state, too
        self.saved_step = trainer.global_step
        newest = [other for other in list_checkpoints(path.parent) if other in self.written]
        for old in newest[self.keep :] if trainer.is_global_zero else ():
            old.unlink(missing_ok=True)


def _run_and_tell(trainer: Trainer, run: Callable[[], None]) -> None:
    try:
        run()
    except BaseException as error:
        _call_callback_hooks(trainer, "on_exception", error)
        raise


def _go_on(trainer: Trainer) -> str:
    """Say how a run that ended early is continued."""
    if isinstance(trainer.logger, RunFolder):
        return "the same command with --ckpt_path last goes on from there"
    newest = next(iter(list_checkpoints(_folder(trainer))), None)
    return printable(f"ckpt_path='{newest}' goes on from there")


def checkpoints_folder(trainer: Trainer) -> Path | None:
    """Find where a run wrote checkpoints; None if it wrote none.

    Args:
        trainer: after the run.
    """
    written = [c.written for c in trainer.callbacks if isinstance(c, Checkpoints) and c.written]
    return next(iter(written[0])).parent if written else None


def _folder(trainer: Trainer) -> Path:
    """Find where checkpoints lie; without a logger, where Lightning's would."""
    return (run_folder(trainer) or Path(trainer.default_root_dir)) / "checkpoints"
