"""Bursts: the runs of optimiser steps that Lightning sees as batches, and the loaders of them."""

from collections.abc import Iterator
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from toysuper.data.world import World
from toysuper.functional.noise import Purpose
from toysuper.snapshot import Batch

if TYPE_CHECKING:
    from toysuper.data.datamodule import SyntheticData


class Burst(NamedTuple):
    """Steps ``start`` … ``stop - 1`` of a world: what Lightning calls a batch.

    Lightning's loops, bar and loggers cost more than a step of a tiny ensemble, so they run once
    a burst. Iterating gives the batches.
    """

    world: World
    purpose: int
    start: int
    stop: int

    def batches(self) -> Iterator[Batch]:
        """The batch of every step."""
        return (self.world(step, self.purpose) for step in range(self.start, self.stop))


class TrainBursts:
    """One epoch of training as bursts; an epoch ends where a validation or the run ends.

    Bursts also end at the ``stops`` of callbacks that want to look at these steps.
    """

    def __init__(self, data: "SyntheticData") -> None:
        self.data = data
        self.world = data.share(held_out=False)

    def __iter__(self) -> Iterator[Burst]:
        data, trainer = self.data, self.data.trainer
        step = trainer.global_step
        end = (step // data.epoch + 1) * data.epoch
        end = end if trainer.max_steps < 0 else min(end, trainer.max_steps)
        looks = {look for callback in trainer.callbacks for look in getattr(callback, "stops", ())}
        while step < end:
            stop = min(end, (step // data.burst + 1) * data.burst)
            stop = min((stop, *(look for look in looks if step < look < stop)))
            yield Burst(self.world, Purpose.TRAIN, step, stop)
            step = stop


class EvalBursts:
    """Evaluation batches."""

    def __init__(self, data: "SyntheticData", purpose: Purpose) -> None:
        self.world, self.purpose = data.share(held_out=True), purpose
        self.batches, self.burst = data.eval_batches, data.burst

    def __len__(self) -> int:
        return ceil(self.batches / self.burst)

    def __iter__(self) -> Iterator[Burst]:
        for start in range(0, self.batches, self.burst):
            stop = min(start + self.burst, self.batches)
            yield Burst(self.world, self.purpose, start, stop)
