"""The world that an ensemble of toy models sees."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from toysuper.data.batch import Batch
from toysuper.features.base import Features
from toysuper.functional.noise import bits
from toysuper.names import PerInstanceFunction, columnwise_function


class World(nn.Module):
    """Density, importance and task of every instance; gives the batch of any step.

    ``world(step, purpose)`` is a pure function: the same step always shows the same batch. A rank
    that owns a part of each batch sees the samples ``first`` to ``first + samples - 1``.

    Args:
        keys: two random words for each instance, ``(inst, 2)``.
        density: probability that a feature is active, ``(inst, feat)``.
        importance: weight of each feature's error, ``(inst, feat)``.
        features: the distribution.
        tasks: target by the name of a function, one for each instance or one for all.
        samples: samples of a batch, on this rank.
        first: index of the first sample among those of all ranks.
    """

    keys: Int[Tensor, "inst 2"]
    density: Float[Tensor, "inst feat"]
    importance: Float[Tensor, "inst feat"]

    def __init__(
        self,
        keys: Int[Tensor, "inst 2"],
        density: Float[Tensor, "inst feat"],
        importance: Float[Tensor, "inst feat"],
        features: Features,
        tasks: Sequence[Any] = ("identity",),
        samples: int = 1024,
        first: int = 0,
    ) -> None:
        super().__init__()
        for name, value in (("keys", keys), ("density", density), ("importance", importance)):
            self.register_buffer(name, value)
        self.features = deepcopy(features)  # what it prepares is for these samples
        self.columns = self.features.prepare(density.shape[1], samples)
        self.features.check_density(density)
        for name in dict.fromkeys(tasks):
            columnwise_function(name, "task", density.shape[1])
        self.task = PerInstanceFunction(tasks, "task")
        self.samples, self.first = samples, first

    def forward(self, step: Tensor | int, purpose: int) -> Batch:
        """Make the batch of one step.

        Args:
            step: the optimiser step, or the number of an evaluation batch.
            purpose: one of :class:`~toysuper.functional.noise.Purpose`.
        """

        def draw(rows: int) -> Tensor:
            return bits(self.keys, step, purpose, rows, self.samples, self.first)

        x, weight = self.features.weighted_samples(draw, self.density)
        index = torch.arange(x.shape[-1], device=x.device) + self.first + step
        noise = (self.keys, step, int(purpose), self.first)
        return Batch(x, self.task(x), self.importance, weight, index, *noise)
