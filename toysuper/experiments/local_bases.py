r"""Two correlated sets of ten features in ten dimensions.

Elhage et al. 2022, `Toy Models of Superposition
<https://transformer-circuits.pub/2022/toy_model/index.html#geometry>`_, section "The Geometry of
Superposition", correlated features.

Features of one set are active together, so interference within a set is expensive and interference
across sets is rare. Each set therefore forms a nearly orthogonal *local basis* of all hidden
dimensions, :math:`|W_i \cdot W_j|` is small within a set, and the two bases overlap.
"""

from toysuper.claims import Claim, at_density, format_values, if_sets, not_measured
from toysuper.metrics.sets import pairs
from toysuper.snapshot import Snapshot


def claims(snapshot: Snapshot) -> list[Claim]:
    """LOCAL: each set of ten is nearly orthogonal within itself, but not to the other set."""
    name, statement = "LOCAL", "mean |WᵀW| of the best model at p = 0.05: within, across, diagonal"
    expected = "< 0.06, > 0.18, > 0.95"
    models = at_density(if_sets(snapshot, n=20, m=10, size=10), 0.05)
    if models is None:
        return [not_measured(name, statement, expected)]
    best = models.best()
    gram = (best.W.mT @ best.W).abs()
    inside, across = (float(gram[pairs(best, within)].mean()) for within in (True, False))
    diagonal = gram.diagonal(dim1=1, dim2=2)
    mean, least = float(diagonal.mean()), float(diagonal.min())
    holds = inside < 0.06 and across > 0.18 and mean > 0.95
    measured = f"{format_values([inside, across, mean])} (least {least:.3g})"
    return [Claim(name, statement, expected, measured, holds)]
