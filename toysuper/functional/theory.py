"""Closed forms for independent features that are U[0, 1] when active."""

from math import lgamma

import torch
from jaxtyping import Float
from torch import Tensor


def uniform_variance(density: Tensor) -> Tensor:
    r"""Compute the variance of a sparse uniform feature, :math:`u(p) = p/3 - p^2/4`.

    >>> uniform_variance(torch.tensor(1.0))
    tensor(0.0833)
    """
    return density / 3 - density**2 / 4


def binomial(n: int, k: int, density: Tensor) -> Tensor:
    r"""Compute the probability that k of n are active, :math:`\binom{n}{k} p^k (1 - p)^{n-k}`.

    Args:
        n: number of features.
        k: number of active features.
        density: probability p that a feature is active.

    >>> binomial(2, 1, torch.tensor([0.5, 1.0]))
    tensor([0.5000, 0.0000])
    """
    log_ways = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
    active, inactive = torch.tensor(float(k)), torch.tensor(float(n - k))
    return torch.exp(log_ways + torch.xlogy(active, density) + torch.xlogy(inactive, 1 - density))


def linear_optimum_loss(
    importance: Float[Tensor, "inst feat"],
    density: Float[Tensor, "inst feat"],
    hidden: int | Tensor,
) -> Float[Tensor, " inst"]:
    r"""Compute the smallest loss that a linear model can have.

    .. math:: L = \sum_{i > m} I_i u(p_i)

    with the features in order of falling :math:`I_i u(p_i)`. A model has this loss exactly when W
    projects on the first m of them and b is the mean of the others.

    Args:
        importance: weight I of each feature's squared error.
        density: probability p that a feature is active.
        hidden: hidden dimensions m, one number or one per instance.

    >>> linear_optimum_loss(torch.tensor([[1.0, 0.5, 0.25]]), torch.ones(1, 3), hidden=2)
    tensor([0.0208])
    """
    cost = importance * uniform_variance(density)
    dropped = torch.arange(cost.shape[-1]) >= torch.as_tensor(hidden)[..., None]
    return (cost.sort(-1, descending=True).values * dropped).sum(-1)


def linear_loss(
    W: Float[Tensor, "inst hidden feat"],
    bias: Float[Tensor, "inst feat"],
    importance: Float[Tensor, "inst feat"],
    density: Float[Tensor, "inst feat"],
) -> Float[Tensor, " inst"]:
    r"""Compute the exact expected loss of the linear model :math:`x' = W^\top W x + b`.

    With :math:`R = 1 - W^\top W` the error is :math:`R x - b`. With :math:`\mu = p / 2`, feature i
    adds :math:`I_i` times :math:`(R \mu - b)_i^2 + \sum_j R_{ij}^2 u(p_j)`.

    Args:
        W: weights.
        bias: bias of the outputs.
        importance: weight I of each feature's squared error.
        density: probability p that a feature is active.

    >>> zero = torch.zeros(1, 1, 2)
    >>> half = torch.full((1, 2), 0.5)
    >>> linear_loss(zero, half, torch.ones(1, 2), torch.ones(1, 2))  # two variances
    tensor([0.1667])
    """
    R = torch.eye(W.shape[-1], dtype=W.dtype, device=W.device) - W.mT @ W
    mean_error = (R @ (density / 2)[..., None])[..., 0] - bias
    variance = (R.square() @ uniform_variance(density)[..., None])[..., 0]
    return (importance * (mean_error.square() + variance)).sum(-1)


def integral_relu_squared(a: Tensor, b: Tensor) -> Tensor:
    r"""Compute :math:`\int_0^1 \mathrm{ReLU}(a x + b)^2 dx`.

    It equals :math:`[(a+b)_+^3 - b_+^3] / 3a`, and :math:`b_+^2` at a = 0. The code uses a
    quadratic over the part of [0, 1] where the argument is positive, which is stable for tiny a.

    Args:
        a: slopes.
        b: offsets, which broadcast against the slopes.

    >>> integral_relu_squared(torch.tensor([1.0, 0.0, -1.0]), torch.tensor([0.0, 2.0, 0.0]))
    tensor([0.3333, 4.0000, 0.0000])
    """
    start, end = torch.relu(b), torch.relu(a + b)
    return _positive_length(a, b) * (start**2 + start * end + end**2) / 3


def _positive_length(a: Tensor, b: Tensor) -> Tensor:
    """Length of {x in [0, 1]: a x + b > 0}."""
    root = -b / torch.where(a == 0, torch.ones_like(a), a)
    length = torch.where(a > 0, 1 - root, root).clamp(0, 1)
    return torch.where(a == 0, (b > 0).to(a.dtype), length)


def integral_relu_error(a: Tensor, b: Tensor) -> Tensor:
    r"""Compute :math:`\int_0^1 (x - \mathrm{ReLU}(a x + b))^2 dx`.

    It expands to :math:`1/3 - 2 \int x\,\mathrm{ReLU} + \int \mathrm{ReLU}^2`. Simpson's rule on
    the interval where the argument is positive gives the middle integral, exactly for quadratics.

    Args:
        a: slopes.
        b: offsets, which broadcast against the slopes.

    >>> integral_relu_error(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 0.0]))
    tensor([0.0000, 0.3333])
    """
    length = _positive_length(a, b)
    start = torch.where(a >= 0, 1 - length, torch.zeros_like(length))
    x = torch.stack([start, start + length / 2, start + length])
    values = x * torch.relu(a * x + b)
    product = length * (values[0] + 4 * values[1] + values[2]) / 6
    return 1 / 3 - 2 * product + integral_relu_squared(a, b)
