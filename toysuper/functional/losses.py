"""The weighted squared error, as an expectation over a weighted set of columns."""

import torch
from jaxtyping import Float
from torch import Tensor


def feature_losses(
    prediction: Float[Tensor, "inst feat batch"],
    target: Float[Tensor, "inst feat batch"],
    importance: Float[Tensor, "inst feat"],
    weight: Float[Tensor, "#inst batch"],
) -> Float[Tensor, "inst feat"]:
    r"""Compute each feature's part of the loss, :math:`\sum_b w_b\, I_i (y_i - x'_i)^2`.

    Source: `Demonstrating Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#demonstrating>`_, where the target y
    is x.

    Args:
        prediction: outputs x' of the models.
        target: values y that the models should give.
        importance: weight I of each feature's squared error.
        weight: weight w of each column; the weights of an instance sum to 1.

    >>> ones = torch.ones(1, 2, 4)
    >>> feature_losses(0 * ones, ones, torch.tensor([[1.0, 0.5]]), torch.full((1, 4), 0.25))
    tensor([[1.0000, 0.5000]])
    """
    return importance * ((target - prediction).square() * weight[:, None, :]).sum(-1)


def expected_loss(
    prediction: Float[Tensor, "inst feat batch"],
    target: Float[Tensor, "inst feat batch"],
    importance: Float[Tensor, "inst feat"],
    weight: Float[Tensor, "#inst batch"],
) -> Float[Tensor, " inst"]:
    r"""Compute one loss per instance, :math:`\sum_b w_b \sum_i I_i (y_i - x'_i)^2`.

    Args:
        prediction: outputs x' of the models.
        target: values y that the models should give.
        importance: weight I of each feature's squared error.
        weight: weight w of each column; the weights of an instance sum to 1.

    >>> ones = torch.ones(1, 2, 4)
    >>> expected_loss(0 * ones, ones, torch.tensor([[1.0, 0.5]]), torch.full((1, 4), 0.25))
    tensor([1.5000])
    """
    return feature_losses(prediction, target, importance, weight).sum(-1)


def finite_mean(values: Float[Tensor, "..."]) -> Float[Tensor, ""]:
    """Compute the mean over all finite values, or NaN if there are none.

    Models that diverged have no loss; they must not hide the loss of the others.

    >>> finite_mean(torch.tensor([1.0, torch.inf, 3.0, torch.nan]))
    tensor(2.)
    """
    return torch.where(values.isfinite(), values, torch.nan).nanmean()
