"""Bursts: the runs of optimiser steps that Lightning sees as batches, and their loaders."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from lightning.pytorch import Trainer

from toysuper.data.batch import Batch
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

    def batches(self) -> Iterator[Batch]:
        """Make the batch of every step."""
        return (self.world(step, self.purpose) for step in range(self.start, self.stop))


@dataclass(frozen=True)
class TrainBursts:
    """One epoch of training as bursts.

    A burst ends after ``burst`` steps, at the end of the epoch and of training, and at ``stops``.

    Args:
        world: what this rank sees.
        trainer: knows the current step and the last one.
        epoch: optimiser steps between validations.
        burst: most steps of a burst.
        stops: further steps at which a burst ends.
    """

    world: World
    trainer: Trainer
    epoch: int
    burst: int
    stops: frozenset[int] = frozenset()

    def __iter__(self) -> Iterator[Burst]:
        step = self.trainer.global_step
        end = (step // self.epoch + 1) * self.epoch
        end = end if self.trainer.max_steps < 0 else min(end, self.trainer.max_steps)
        while step < end:
            stop = min(end, (step // self.burst + 1) * self.burst)
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
    """

    world: World
    purpose: Purpose
    batches: int
    burst: int

    def __len__(self) -> int:
        return ceil(self.batches / self.burst)

    def __iter__(self) -> Iterator[Burst]:
        for start in range(0, self.batches, self.burst):
            stop = min(start + self.burst, self.batches)
            yield Burst(self.world, self.purpose, start, stop)
