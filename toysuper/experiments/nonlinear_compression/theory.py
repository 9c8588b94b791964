r"""Two dense features in one number, by a nonlinear code.

With Z levels, :math:`t = (\lfloor Z x \rfloor + y) / Z` keeps x to within 1/Z and y exactly:
:math:`\hat x = (\lfloor Z t \rfloor + 1/2) / Z` and :math:`\hat y = Z t - \lfloor Z t \rfloor`. A
network of finite weights has no jumps, so each :math:`\lfloor Z\,\cdot \rfloor` becomes a staircase
whose steps are ramps of width :math:`\epsilon`, centred on the jumps.

Source: the paper's appendix "Nonlinear Compression".
"""

import torch
from jaxtyping import Float
from torch import Tensor

from toysuper.errors import UserError


def staircase(x: Float[Tensor, "*shape"], levels: int, ramp: float) -> Float[Tensor, "*shape"]:
    r"""The floor of Z x for x in [0, 1], its jumps replaced by ramps.

    .. math:: \sum_{k=1}^{Z-1} \mathrm{clip}((x - k / Z) / \epsilon + 1/2,\ 0,\ 1)

    >>> staircase(torch.tensor([0.25, 0.45, 0.5, 0.75]), levels=2, ramp=0.2)
    tensor([0.0000, 0.2500, 0.5000, 1.0000])
    """
    steps = (((x - k / levels) / ramp + 0.5).clamp(0, 1) for k in range(1, levels))
    return sum(steps, torch.zeros_like(x))


def code(x: Tensor, y: Tensor, levels: int, ramp: float) -> Tensor:
    """The one number t that holds both, in [0, 1]."""
    return (staircase(x, levels, ramp) + y) / levels


def decode(t: Tensor, levels: int, ramp: float) -> tuple[Tensor, Tensor]:
    """What t says of x and of y."""
    step = staircase(t, levels, ramp)
    return (step + 0.5) / levels, levels * t - step


def compression_error(levels: int, ramp: float, points: int = 1200) -> float:
    r"""Mean of :math:`(x - \hat x)^2 + (y - \hat y)^2` over x and y in [0, 1).

    By the midpoint rule with ``points`` x ``points`` points.

    Raises:
        UserError: fewer than 1 level, or a ramp outside (0, 1].

    >>> round(compression_error(3, 0.001), 4), round(compression_error(1, 0.001), 4)
    (0.0097, 0.0833)
    """
    if levels < 1 or not 0 < ramp <= 1:
        raise UserError(f"{levels} levels and a ramp of {ramp}; levels >= 1 and 0 < ramp <= 1")
    grid = (torch.arange(points, dtype=torch.float64) + 0.5) / points
    x, y = grid[:, None], grid
    x_hat, y_hat = decode(code(x, y, levels, ramp), levels, ramp)
    return float(((x - x_hat).square() + (y - y_hat).square()).mean())
