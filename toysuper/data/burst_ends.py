"""Where bursts have to end, so that hooks and callbacks see the steps that they are made for."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import (
    DeviceStatsMonitor,
    EMAWeightAveraging,
    LearningRateMonitor,
    ModelCheckpoint,
    Timer,
)

STEP_HOOKS = (
    "on_train_batch_start",
    "on_train_batch_end",
    "on_before_zero_grad",
    "on_before_backward",
    "on_after_backward",
    "on_before_optimizer_step",
    "backward",
    "clip_gradients",
    "configure_gradient_clipping",
    "lr_scheduler_step",
    "optimizer_step",
    "optimizer_zero_grad",
    "training_step",
)
"""Hooks of callbacks and modules that Lightning calls at every optimiser step."""
EVAL_HOOKS = ("on_{}_batch_start", "on_{}_batch_end", "{}_step")
"""Hooks that Lightning calls at every batch of an evaluation."""
BATCH_HOOKS = ("on_before_batch_transfer", "transfer_batch_to_device", "on_after_batch_transfer")
"""Hooks that Lightning calls at every batch."""


class Period(NamedTuple):
    """Steps at which a burst ends: ``offset``, ``offset + every``, ….

    Args:
        every: steps between two of them.
        offset: the first of them.

    >>> Period(100, 1).after(1), Period(100).after(99)
    (101, 100)
    """

    every: int
    offset: int = 0

    def after(self, step: int) -> int:
        """Compute the first of these steps that is greater than a step."""
        return step + (self.offset - step - 1) % self.every + 1


def step_periods(trainer: Trainer) -> dict[Period, str]:
    """Return the steps at which bursts of a training have to end, and who needs them.

    Args:
        trainer: in ``fit``, with optimisers and loaders.
    """
    return dict(_needs(trainer))


def eval_hook(trainer: Trainer, stage: str) -> str | None:
    """Name who needs every batch of an evaluation to be a burst of its own; None if nobody does.

    Args:
        trainer: has callbacks, a module and data.
        stage: ``validation``, ``test`` or ``predict``.
    """
    names = [*(name.format(stage) for name in EVAL_HOOKS), *BATCH_HOOKS]
    return next((hook for owner in _owners(trainer) for hook in overridden(owner, names)), None)


def overridden(owner: Any, names: Iterable[str]) -> Iterator[str]:
    """Yield the hooks that an object's class changes, other than the package's own do.

    Args:
        owner: a callback, a module or data; with ``takes_bursts`` true it has none.
        names: the hooks.
    """
    base = next((c for c in type(owner).__mro__ if _is_library(c)), object)
    if getattr(owner, "takes_bursts", False):
        return
    for name in names:
        if hasattr(owner, name) and _function(owner, name) is not getattr(base, name, None):
            yield f"{type(owner).__name__}.{name}"


def _owners(trainer: Any) -> list[Any]:
    return [*trainer.callbacks, trainer.lightning_module, getattr(trainer, "datamodule", None)]


def _needs(trainer: Any) -> Iterator[tuple[Period, str]]:
    module: Any = trainer.lightning_module
    if trainer.loggers and trainer.log_every_n_steps:
        yield Period(trainer.log_every_n_steps), "trainer.log_every_n_steps"
    for callback in trainer.callbacks:
        for period in PERIODS.get(type(callback), lambda *_: ())(callback, trainer):
            yield period, type(callback).__name__
    if trainer.fast_dev_run or isinstance(trainer.limit_train_batches, int):
        yield Period(1), "trainer.limit_train_batches"
    for owner in _owners(trainer):
        if type(owner) not in PERIODS:
            yield from ((Period(1), hook) for hook in overridden(owner, STEP_HOOKS + BATCH_HOOKS))
    if any(p._backward_hooks or p._post_accumulate_grad_hooks for p in module.parameters()):
        yield Period(1), "a hook of a parameter"
    for config in trainer.lr_scheduler_configs:
        if config.interval == "step" and config.scheduler is not module.scheduler:
            yield Period(1), type(config.scheduler).__name__


def _around_logs(_: Any, trainer: Any) -> Iterator[Period]:
    """What looks before and after a step that is logged."""
    every = trainer.log_every_n_steps
    return iter((Period(every, -1), Period(every)) if every else ())


def _from_one(every: int) -> list[Period]:
    """What looks after step 1, ``1 + every``, and so on."""
    return [Period(every, 1)] if every > 0 else []


PERIODS: dict[type, Callable[[Any, Any], Iterable[Period]]] = {
    DeviceStatsMonitor: _around_logs,
    EMAWeightAveraging: lambda ema, _: _from_one(ema.update_every_n_steps),
    LearningRateMonitor: _around_logs,
    ModelCheckpoint: lambda c, _: [Period(n)] if (n := c._every_n_train_steps) else [],
    Timer: lambda *_: [],  # a time limit is looked at between two bursts
}
"""Lightning's callbacks that act at some steps only, and these steps."""


def _is_library(kind: type) -> bool:
    return kind is Callback or kind.__module__.startswith(("toysuper.", "lightning.pytorch.core"))


def _function(owner: Any, name: str) -> Any:
    method = getattr(owner, name)
    return getattr(method, "__func__", method)
