r"""Two dense features in one number, by a nonlinear code.

Elhage et al. 2022, `Toy Models of Superposition
<https://transformer-circuits.pub/2022/toy_model/index.html>`_, appendix "Nonlinear Compression".

With Z levels, :math:`t = (\lfloor Z x \rfloor + y) / Z` stores x to within 1/Z and y exactly:
:math:`\hat x = (\lfloor Z t \rfloor + 1/2) / Z` and :math:`\hat y = Z t - \lfloor Z t \rfloor`. A
network of finite weights has no jumps, so each :math:`\lfloor Z\,\cdot \rfloor` becomes a staircase
whose steps are ramps of width :math:`\epsilon`, centred on the jumps. A linear model of two dense
features in one dimension loses the variance of one of them, 1/12.
"""

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from toysuper.claims import Claim, format_values
from toysuper.errors import UserError
from toysuper.figures.panels import log_axis, open_frame
from toysuper.figures.style import PARTS, styled
from toysuper.figures.text import caption
from toysuper.metrics import held_out_loss
from toysuper.snapshot import Snapshot


def staircase(x: Float[Tensor, "*shape"], levels: int, ramp: float) -> Float[Tensor, "*shape"]:
    r"""Compute the floor of Z x for x in [0, 1], with ramps instead of jumps.

    .. math:: \sum_{k=1}^{Z-1} \mathrm{clip}((x - k / Z) / \epsilon + 1/2,\ 0,\ 1)

    Args:
        x: values in [0, 1].
        levels: number Z of levels.
        ramp: width :math:`\epsilon` of a ramp.

    >>> staircase(torch.tensor([0.25, 0.45, 0.5, 0.75]), levels=2, ramp=0.2)
    tensor([0.0000, 0.2500, 0.5000, 1.0000])
    """
    steps = (((x - k / levels) / ramp + 0.5).clamp(0, 1) for k in range(1, levels))
    return sum(steps, torch.zeros_like(x))


def code(x: Tensor, y: Tensor, levels: int, ramp: float) -> Tensor:
    """Compute the number t in [0, 1] that stores x and y, both in [0, 1]."""
    return (staircase(x, levels, ramp) + y) / levels


def decode(t: Tensor, levels: int, ramp: float) -> tuple[Tensor, Tensor]:
    """Compute the estimates of x and y from t."""
    step = staircase(t, levels, ramp)
    return (step + 0.5) / levels, levels * t - step


def compression_error(levels: int, ramp: float, points: int = 1200) -> float:
    r"""Compute the mean of :math:`(x - \hat x)^2 + (y - \hat y)^2` over x and y in [0, 1).

    By the midpoint rule.

    Args:
        levels: number Z of levels.
        ramp: width :math:`\epsilon` of a ramp.
        points: number of points in each direction.

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


def best_linear_model(snapshot: Snapshot) -> Snapshot:
    """Select the best linear model of two dense features in one dimension.

    Raises:
        UserError: the models are of another kind.
    """
    linear = {*snapshot.activation, *snapshot.hidden_activation} == {"identity"}
    equal = bool((snapshot.density == 1).all()) and bool((snapshot.importance == 1).all())
    if snapshot.W.shape[1:] != (1, 2) or not linear or not equal:
        raise UserError(
            "nonlinear compression is compared with linear models of two features in one "
            "dimension, density and importance 1"
        )
    return snapshot.best().pick([0])


ERRORS = {0.001: 0.0097, 0.02: 0.019, 0.05: 0.032, 0.1: 0.048}
"""Expected squared error of the code with three levels, by ramp width."""
TOLERANCE = 0.05


def claims(snapshot: Snapshot) -> list[Claim]:
    """NLC: a nonlinear code stores two dense features in one number better than a linear one."""
    linear = float(held_out_loss(best_linear_model(snapshot))[0])
    errors = [compression_error(3, ramp) for ramp in ERRORS]
    close = all(abs(a / b - 1) <= TOLERANCE for a, b in zip(errors, ERRORS.values(), strict=True))
    return [
        Claim(
            "NLC",
            "closed form: squared error at Z = 3, ramps of .001 .02 .05 .1",
            f"{format_values(list(ERRORS.values()))} +- 5%",
            format_values(errors),
            close,
        ),
        Claim(
            "NLC linear",
            "loss of the best trained linear model, which all of these are below",
            "1/12 +- 2%",
            f"{linear:.4f}",
            abs(12 * linear - 1) <= 0.02 and max(errors) < linear,
        ),
    ]


LEVELS = (2, 3, 4, 5)
RAMPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)


@styled
def nonlinear_compression(snapshot: Snapshot) -> Figure:
    """The error of both features by ramp width, a curve a number of levels Z.

    The dashed line is the best trained linear model of two dense features in one dimension; below
    it a nonlinear code is better.
    Source: the paper's appendix "Nonlinear Compression".
    """
    best = best_linear_model(snapshot)
    linear = float(held_out_loss(best)[0])
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    for colour, levels in zip(PARTS, LEVELS, strict=False):
        errors = [compression_error(levels, ramp) for ramp in RAMPS]
        axes.plot(RAMPS, errors, "o-", color=colour, label=f"Z = {levels}")
    axes.axhline(linear, color="black", linestyle="--", label=f"trained, linear: {linear:.4f}")
    log_axis(axes, "width of a ramp that replaces a jump", RAMPS)
    axes.set(ylabel="squared error of both features", ylim=(0, None))
    axes.legend(fontsize="small")
    open_frame(axes)
    caption(figure, best)
    return figure
