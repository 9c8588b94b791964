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
    r"""Each feature's share of the loss, :math:`\sum_b w_b\, I_i (x_i - x'_i)^2`.

    Source: the paper's section "Demonstrating Superposition", loss.

    >>> import torch
    >>> one = torch.ones(1, 2, 4)
    >>> feature_losses(0 * one, one, torch.tensor([[1.0, 0.5]]), torch.full((1, 4), 0.25))
    tensor([[1.0000, 0.5000]])
    """
    return importance * ((target - prediction).square() * weight[:, None, :]).sum(-1)


def expected_loss(
    prediction: Float[Tensor, "inst feat batch"],
    target: Float[Tensor, "inst feat batch"],
    importance: Float[Tensor, "inst feat"],
    weight: Float[Tensor, "#inst batch"],
) -> Float[Tensor, " inst"]:
    r"""One loss per instance, :math:`\sum_b w_b \sum_i I_i (x_i - x'_i)^2`.

    >>> import torch
    >>> one = torch.ones(1, 2, 4)
    >>> expected_loss(0 * one, one, torch.tensor([[1.0, 0.5]]), torch.full((1, 4), 0.25))
    tensor([1.5000])
    """
    return feature_losses(prediction, target, importance, weight).sum(-1)


def finite_mean(values: Float[Tensor, "..."]) -> Float[Tensor, ""]:
    """The mean over what is finite, as models that diverged have no loss; NaN if nothing is.

    >>> finite_mean(torch.tensor([1.0, torch.inf, 3.0, torch.nan]))
    tensor(2.)
    """
    return torch.where(values.isfinite(), values, torch.nan).nanmean()
