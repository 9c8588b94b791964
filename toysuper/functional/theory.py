"""Closed forms for independent features that are U[0, 1] when active."""

import torch
from jaxtyping import Float
from torch import Tensor


def uniform_variance(density: Tensor) -> Tensor:
    r"""Variance of a sparse uniform feature, :math:`u(p) = p/3 - p^2/4`.

    >>> uniform_variance(torch.tensor(1.0))
    tensor(0.0833)
    """
    return density / 3 - density**2 / 4


def linear_floor(
    importance: Float[Tensor, "inst feat"],
    density: Float[Tensor, "inst feat"],
    hidden: int | Tensor,
) -> Float[Tensor, " inst"]:
    r"""The least loss of a linear model, :math:`\sum_{i > m} I_i u(p_i)` over the cheapest.

    ``hidden`` is m, or one for each instance. Reached exactly when W projects on the m features
    with the largest :math:`I_i u(p_i)`.

    >>> linear_floor(torch.tensor([[1.0, 0.5, 0.25]]), torch.ones(1, 3), hidden=2)
    tensor([0.0208])
    """
    cost = importance * uniform_variance(density)
    left_out = torch.arange(cost.shape[-1]) >= torch.as_tensor(hidden)[..., None]
    return (cost.sort(-1, descending=True).values * left_out).sum(-1)


def linear_loss(
    W: Float[Tensor, "inst hidden feat"],
    bias: Float[Tensor, "inst feat"],
    importance: Float[Tensor, "inst feat"],
    density: Float[Tensor, "inst feat"],
) -> Float[Tensor, " inst"]:
    r"""Exact expected loss of x' = WᵀW x + b.

    With :math:`R = 1 - W^\top W` the error is :math:`R x - b`, so feature i costs
    :math:`(R \mu - b)_i^2 + \sum_j R_{ij}^2 u(p_j)` with :math:`\mu = p / 2`.

    >>> zero = torch.zeros(1, 1, 2)
    >>> half = torch.full((1, 2), 0.5)
    >>> linear_loss(zero, half, torch.ones(1, 2), torch.ones(1, 2))  # two variances
    tensor([0.1667])
    """
    R = torch.eye(W.shape[-1], dtype=W.dtype, device=W.device) - W.mT @ W
    mean_error = (R @ (density / 2)[..., None])[..., 0] - bias
    spread = (R.square() @ uniform_variance(density)[..., None])[..., 0]
    return (importance * (mean_error.square() + spread)).sum(-1)


def integral_relu_squared(a: Tensor, b: Tensor) -> Tensor:
    r""":math:`\int_0^1 \mathrm{ReLU}(a x + b)^2 dx`.

    Equals :math:`[(a+b)_+^3 - b_+^3] / 3a`, and :math:`b_+^2` at a = 0. Written as a quadratic in
    the part of [0, 1] where the argument is positive, which is stable for tiny a.

    >>> integral_relu_squared(torch.tensor([1.0, 0.0, -1.0]), torch.tensor([0.0, 2.0, 0.0]))
    tensor([0.3333, 4.0000, 0.0000])
    """
    low, high = torch.relu(b), torch.relu(a + b)
    return _positive_share(a, b) * (low**2 + low * high + high**2) / 3


def _positive_share(a: Tensor, b: Tensor) -> Tensor:
    """Length of {x in [0, 1]: a x + b > 0}."""
    root = -b / torch.where(a == 0, torch.ones_like(a), a)
    share = torch.where(a > 0, 1 - root, root).clamp(0, 1)
    return torch.where(a == 0, (b > 0).to(a.dtype), share)


def integral_relu_error(a: Tensor, b: Tensor) -> Tensor:
    r""":math:`\int_0^1 (x - \mathrm{ReLU}(a x + b))^2 dx`.

    Expands to :math:`1/3 - 2 \int x\,\mathrm{ReLU} + \int \mathrm{ReLU}^2`, the middle integral
    by Simpson's rule on the interval where the argument is positive (exact for quadratics).

    >>> integral_relu_error(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 0.0]))
    tensor([0.0000, 0.3333])
    """
    share = _positive_share(a, b)
    start = torch.where(a >= 0, 1 - share, torch.zeros_like(share))
    x = torch.stack([start, start + share / 2, start + share])
    values = x * torch.relu(a * x + b)
    product = share * (values[0] + 4 * values[1] + values[2]) / 6
    return 1 / 3 - 2 * product + integral_relu_squared(a, b)
