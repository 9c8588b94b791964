"""Metrics of held-out batches: sums that any number of batches and ranks can add to."""

import torch
from jaxtyping import Float
from torch import Tensor
from torchmetrics import Metric

from toysuper.data.batch import Batch
from toysuper.functional.losses import feature_losses


class FeatureMean(Metric):
    """A mean over samples for each instance and feature; a subclass says of what."""

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
        """The mean over all batches."""
        return self.total / self.batches

    def of(self, prediction: Float[Tensor, "inst feat batch"], batch: Batch) -> Tensor:
        """The value ``(inst, feat)`` of one batch, by a pure function: it is compiled."""
        raise NotImplementedError


class InstanceMean(FeatureMean):
    """A mean over samples for each instance."""


class FeatureLoss(FeatureMean):
    """Importance-weighted squared error of each feature; the sum over features is the loss."""

    def of(self, prediction: Tensor, batch: Batch) -> Tensor:
        """The loss of one batch."""
        return feature_losses(prediction, batch.target, batch.importance, batch.weight)


class FiringRate(FeatureMean):
    """How often each output is above zero."""

    def of(self, prediction: Tensor, batch: Batch) -> Tensor:
        """The rate in one batch."""
        return ((prediction > 0) * batch.weight[:, None]).sum(-1)
