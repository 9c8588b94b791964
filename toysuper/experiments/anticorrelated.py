r"""Pairs of features that are never active together.

Elhage et al. 2022, `Toy Models of Superposition
<https://transformer-circuits.pub/2022/toy_model/index.html#geometry>`_, section "The Geometry of
Superposition", correlated features.

Of each pair of anticorrelated features at most one is active. If the two are antipodal,
:math:`W_i = -W_j`, the ReLU removes their negative interference and the pair costs no loss. If they
are orthogonal, and each is antipodal to a member of the other pair, both antipodal pairs cost
:math:`p^2 / 3` each.
"""

from toysuper.claims import (
    Claim,
    at_density,
    format_values,
    if_sets,
    not_measured,
    within,
)
from toysuper.metrics import held_out_loss
from toysuper.metrics.sets import cosines
from toysuper.snapshot import Snapshot


def claims(snapshot: Snapshot) -> list[Claim]:
    """ANTI2: the members of an anticorrelated pair are antipodal."""
    name, statement = "ANTI2", "cos within sets of the best model at p = 0.1, and its loss"
    expected = "< -0.98, < 10% of the orthogonal minimum's 2 p^2 / 3"
    models = at_density(if_sets(snapshot, n=4, m=2, size=2), 0.1)
    if models is None:
        return [not_measured(name, statement, expected)]
    best = models.best()
    cosine = cosines(best, within=True)[0]
    relative_loss = float(held_out_loss(best)[0]) / (2 * 0.1**2 / 3)
    antipodal = cosines(models, within=True).amax(-1) < -0.98
    seeds = f"({int(antipodal.sum())} of {len(models)} seeds)"
    measured = f"{format_values(cosine)}; {relative_loss:.1%} {seeds}"
    holds = within(cosine, -1.01, -0.98) and relative_loss < 0.1
    return [Claim(name, statement, expected, measured, holds)]
