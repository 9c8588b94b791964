"""Bursts: the runs of optimiser steps that Lightning sees as batches, and their loaders."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from math import ceil, inf
from typing import NamedTuple

import torch
from lightning.pytorch import Trainer
from torch import Tensor

from toysuper.data.batch import Batch
from toysuper.data.burst_ends import Period
from toysuper.data.world import World
from toysuper.functional.noise import Purpose


class Burst(NamedTuple):
    """Steps ``start`` to ``stop - 1`` of a world: what Lightning calls a batch.

    Lightning's loops, progress bar and loggers cost more than a step of a tiny ensemble, so they
    run once a burst.
    """

    world: World
    purpose: int
    start: int
    stop: int
    size: Tensor = torch.ones(1)
    """From its length Lightning infers that what it logs of each burst counts once."""

    def batches(self) -> Iterator[Batch]:
        """Make the batch of every step."""
        return (self.world(step, self.purpose) for step in range(self.start, self.stop))


@dataclass
class TrainBursts:
    """One epoch of training as bursts.

    A burst ends at the end of the epoch and of training, at ``periods`` and at ``stops``. The
    first one of all has one step: Lightning takes it before it calls hooks such as
    ``on_train_start``, which may add a hook of a step.

    Args:
        world: what this rank sees.
        trainer: knows the current step and the last one.
        epoch: optimiser steps between validations.
        periods: finds steps that come again and again.
        stops: further steps.
    """

    world: World
    trainer: Trainer
    epoch: int
    periods: Callable[[], Collection[Period]]
    stops: frozenset[int] = frozenset()
    is_first: bool = True

    def __iter__(self) -> Iterator[Burst]:
        step = self.trainer.global_step
        end = (step // self.epoch + 1) * self.epoch
        end = end if self.trainer.max_steps < 0 else min(end, self.trainer.max_steps)
        if self.is_first and step < end:
            self.is_first = False
            yield Burst(self.world, Purpose.TRAIN, step, step + 1)
            step += 1
        periods = self.periods()
        while step < end:
            stop = min(end, *(period.after(step) for period in periods))
            stop = min((stop, *(s for s in self.stops if step < s < stop)))
            yield Burst(self.world, Purpose.TRAIN, step, stop)
            step = stop


@dataclass(frozen=True)
class EvalBursts:
    """The batches of one evaluation as bursts.

    Args:
        world: what this rank sees.
        purpose: validation, test or prediction.
        batches: how many batches.
        burst: most batches of a burst.
        trainer: may be only checking that an evaluation runs, with fewer batches.
    """

    world: World
    purpose: Purpose
    batches: int
    burst: int
    trainer: Trainer

    def __len__(self) -> int:
        return ceil(self.batches / self.burst)

    def __iter__(self) -> Iterator[Burst]:
        checked = self.trainer.num_sanity_val_steps if self.trainer.sanity_checking else inf
        batches = int(min(self.batches, checked))
        for start in range(0, batches, self.burst):
            stop = min(start + self.burst, batches)
            yield Burst(self.world, self.purpose, start, stop)
