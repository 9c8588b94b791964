r"""The number of stored features against the bound of compressed sensing.

Elhage et al. 2022, `Toy Models of Superposition
<https://transformer-circuits.pub/2022/toy_model/index.html>`_, appendix on compressed sensing.

To recover k-sparse vectors of n features, a linear projection needs
:math:`m = \Omega(k \ln(n / k))` dimensions. With :math:`k = p n` active features, the number of
features that m dimensions can store is at most proportional to :math:`m / (-p \ln p)`. The
experiment asks whether trained models follow this scaling in m and p.
"""

from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from toysuper.claims import Claim, not_measured
from toysuper.errors import UserError
from toysuper.figures.panels import open_frame, sparsity_axis
from toysuper.figures.style import PARTS, styled
from toysuper.figures.text import caption
from toysuper.metrics import represented
from toysuper.snapshot import Snapshot


def sensing_bound(
    density: Float[Tensor, " inst"], hidden: Float[Tensor, " inst"]
) -> Float[Tensor, " inst"]:
    r"""Compute :math:`m / (-p \ln p)`, the bound up to a constant.

    Args:
        density: probability p that a feature is active.
        hidden: number m of hidden dimensions.

    >>> import torch
    >>> sensing_bound(torch.tensor([0.1]), torch.tensor([10.0]))
    tensor([43.4294])
    """
    return hidden / (-density * density.log())


def stored_over_bound(snapshot: Snapshot) -> Float[Tensor, " inst"]:
    """Number of represented features over :func:`sensing_bound`.

    Raises:
        UserError: a model's features differ in density, or are always active.
    """
    density = snapshot.common_density()
    if density.isnan().any() or (density == 1).any():
        raise UserError("the compressed-sensing bound needs one density below 1 for each model")
    return represented(snapshot) / sensing_bound(density, snapshot.hidden_sizes)


def claims(snapshot: Snapshot) -> list[Claim]:
    """CS: the number of stored features is proportional to m / (-p ln p)."""
    line = (
        "CS",
        "stored features over m / (-p ln p), least and most of all densities and dimensions",
        "within a factor 2 of each other",
    )
    best = snapshot.best()
    if min(len(best.hidden_sizes.unique()), len(best.common_density().unique())) < 2:
        return [not_measured(*line)]
    low, high = (float(end) for end in stored_over_bound(best).aminmax())
    return [Claim(*line, f"{low:.2f}-{high:.2f}", 0 < high <= 2 * low)]


@styled
def compressed_sensing_bound(snapshot: Snapshot) -> Figure:
    """Represented features by sparsity, a colour a number of dimensions m, and c m / (-p ln p).

    Left: counts, and the bound as lines with the one constant c that fits best. Right: the ratio of
    counts to the bound without a constant, which would be level if the bound gave the scaling.
    Source: the paper's appendix on compressed sensing.
    """
    best = snapshot.best()
    constant = float(stored_over_bound(best).clamp(min=1e-3).log().mean().exp())
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    for colour, m in zip(PARTS * 2, best.hidden_sizes.unique(), strict=False):
        members = (best.hidden_sizes == m).nonzero()[:, 0].tolist()
        _draw_size(left, right, best.pick(members), constant, colour)
    left.set(yscale="log", ylabel="features with norm > ½")
    left.yaxis.set_major_formatter("{x:g}")
    left.set_title(f"lines: c m / (-p ln p), c = {constant:.2f}", fontsize="medium")
    right.set(ylabel="features / (m / (-p ln p))", ylim=(0, None))
    sparsity = 1 / best.common_density()
    for axes in (left, right):
        sparsity_axis(axes, float(sparsity.max()))
        axes.set_xlim(left=0.9 * float(sparsity.min()))
        axes.legend()
        open_frame(axes)
    caption(figure, best)
    return figure


def _draw_size(left: Axes, right: Axes, models: Snapshot, constant: float, colour: str) -> None:
    """Draw the models of one number of hidden dimensions."""
    models = models.pick(models.common_density().argsort(descending=True).tolist())
    sparsity, stored = 1 / models.common_density(), represented(models)
    bound = sensing_bound(models.common_density(), models.hidden_sizes)
    label = f"m = {int(models.hidden_sizes[0])}"
    left.plot(sparsity, stored.clamp(min=1), "o", color=colour, label=label)
    left.plot(sparsity, constant * bound, color=colour, linewidth=1)
    right.plot(sparsity, stored_over_bound(models), "o-", color=colour, label=label)
