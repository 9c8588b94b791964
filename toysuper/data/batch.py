"""Batch: what one step shows to an ensemble, and the random numbers of that step."""

from __future__ import annotations

from dataclasses import dataclass, field

from jaxtyping import Float, Int
from torch import Tensor

from toysuper.functional.noise import Purpose, bits, standard_normal, uniform


@dataclass
class Batch:
    r"""A weighted set of samples: an expectation over them is :math:`\sum_b w_b f(x_b)`.

    Args:
        features: the inputs x, ``(inst, feat, batch)``.
        target: what the model shall answer, ``(inst, feat, batch)``.
        importance: weight of each feature's error, ``(inst, feat)``.
        weight: weight of each sample, ``(inst or 1, batch)``; ``1 / batch`` for random samples.
        sample_index: the sample's number in the batch of all ranks plus the step, ``(batch,)``;
            what goes by turns, as attacks do, takes it modulo the number of turns.
        keys: two random words for each instance, ``(inst, 2)``.
        step: the optimiser step, or the number of an evaluation batch.
        purpose: what the batch is for, one of :class:`~toysuper.functional.noise.Purpose`.
        first: index of the first sample among those of all ranks.
        rows_drawn: how many rows of random numbers were drawn, in a list that copies share.
    """

    features: Float[Tensor, "inst feat batch"]
    target: Float[Tensor, "inst feat batch"]
    importance: Float[Tensor, "inst feat"]
    weight: Float[Tensor, "#inst batch"]
    sample_index: Int[Tensor, " batch"]
    keys: Int[Tensor, "inst 2"]
    step: Int[Tensor, ""] | int
    purpose: int = Purpose.TRAIN
    first: int = 0
    rows_drawn: list[int] = field(default_factory=lambda: [0])

    def normal(self, rows: int) -> Float[Tensor, "inst rows batch"]:
        """Draw standard normal numbers, ``(inst, rows, batch)``, as a function of the step.

        They are the same in a resumed run and on any number of ranks. A second call gives others.

        Args:
            rows: how many numbers for each sample.

        >>> from toysuper.data.datamodule import SyntheticData
        >>> batch = SyntheticData(n=2).world()(step=0, purpose=1)
        >>> batch.normal(3).shape
        torch.Size([1, 3, 1024])
        """
        random_bits = self._draw(2 * rows)
        return standard_normal(random_bits[:, :rows], random_bits[:, rows:], self.features.dtype)

    def uniform(self, rows: int) -> Float[Tensor, "inst rows batch"]:
        """Draw numbers that are uniform in [0, 1), as :meth:`normal` does.

        Args:
            rows: how many numbers for each sample.
        """
        return uniform(self._draw(rows), self.features.dtype)

    def with_features(self, features: Float[Tensor, "inst feat batch"]) -> Batch:
        """Return the batch with other inputs and the same targets.

        Args:
            features: the inputs, ``(inst, feat, batch)``.
        """
        return Batch(
            features,
            self.target,
            self.importance,
            self.weight,
            self.sample_index,
            self.keys,
            self.step,
            self.purpose,
            self.first,
            self.rows_drawn,
        )

    def _draw(self, rows: int) -> Int[Tensor, "inst rows batch"]:
        # each purpose has rows of its own
        first_row = (self.purpose << 20) + self.rows_drawn[0]
        self.rows_drawn[0] += rows
        samples = self.features.shape[-1]
        return bits(self.keys, self.step, Purpose.MODEL, rows, samples, self.first, first_row)
