"""Metrics of held-out batches: sums over any number of batches and ranks."""

import torch
from jaxtyping import Float
from torch import Tensor
from torchmetrics import Metric

from toysuper.data.batch import Batch
from toysuper.functional.losses import feature_losses


class FeatureMean(Metric):
    """Base class: the mean over samples of a value per instance and feature.

    A subclass defines :meth:`of`.
    """

    full_state_update = False
    total: Tensor
    batches: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("total", torch.zeros(()), dist_reduce_fx="sum")
        self.add_state("batches", torch.zeros(()), dist_reduce_fx="sum")

    def update(self, value: Float[Tensor, "inst ..."]) -> None:
        """Add the value of one batch."""
        self.total = self.total + value
        self.batches = self.batches + 1

    def compute(self) -> Float[Tensor, "inst ..."]:
        """Compute the mean over all batches."""
        return self.total / self.batches

    def of(self, prediction: Float[Tensor, "inst feat batch"], batch: Batch) -> Tensor:
        """Compute the value ``(inst, feat)`` of one batch. A pure function, which is compiled.

        Args:
            prediction: outputs of the models.
            batch: the inputs, targets and weights of the samples.
        """
        raise NotImplementedError


class InstanceMean(FeatureMean):
    """Mean over batches of a value per instance, whose batches' values the caller computes."""


class FeatureLoss(FeatureMean):
    r"""Loss of each feature, :math:`I_i \, E (x_i - x'_i)^2`. The sum over features is the loss."""

    def of(self, prediction: Tensor, batch: Batch) -> Tensor:
        """Compute the loss of one batch."""
        return feature_losses(prediction, batch.target, batch.importance, batch.weight)


class FiringRate(FeatureMean):
    r"""Probability that an output is positive, :math:`P(x'_i > 0)`."""

    def of(self, prediction: Tensor, batch: Batch) -> Tensor:
        """Compute the rate in one batch."""
        return ((prediction > 0) * batch.weight[:, None]).sum(-1)
