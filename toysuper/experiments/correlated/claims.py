"""Claims of the paper's section "The Geometry of Superposition": correlated features."""

import torch
from torch import Tensor

from toysuper.claims.base import Claim, absent, at, numbers, within
from toysuper.functional.geometry import angle_gaps
from toysuper.metrics import held_out_loss, norm
from toysuper.metrics.sets import cosines, pairs, set_angle, within_cosine
from toysuper.snapshot import Snapshot

COLLAPSED = 10.0
"""Degrees between two correlated features below which they count as one direction."""


def of_sets(snapshot: Snapshot, n: int, m: int, size: int) -> Snapshot:
    """The instances if they have n features in m dimensions and sets of that size, else none."""
    label = torch.arange(n) // size
    same = snapshot.W.shape[1:] == (m, n) and bool((snapshot.sets == label).all())
    return snapshot if same else snapshot.pick([])


def _best(snapshot: Snapshot, n: int, m: int, size: int, density: float) -> Snapshot | None:
    models = at(of_sets(snapshot, n, m, size), density)
    return models and models.best()


def correlated_pairs(snapshot: Snapshot) -> list[Claim]:
    """CORR2: the members of a correlated pair are orthogonal."""
    name, statement = "CORR2", "mean |cos| within sets of the best model at p = 0.1; least norm"
    best = _best(snapshot, 4, 2, 2, 0.1)
    if best is None:
        return [absent(name, statement, "< 0.05; > 0.5")]
    value, least = float(within_cosine(best)[0]), float(norm(best).min())
    holds = value < 0.05 and least > 0.5
    return [Claim(name, statement, "< 0.05; > 0.5", f"{value:.3f}; {least:.3f}", holds)]


def anticorrelated_pairs(snapshot: Snapshot) -> list[Claim]:
    r"""ANTI2: the members of an anticorrelated pair are antipodal.

    Where they are orthogonal instead and lie opposite to members of the other set, the two
    antipodal pairs cost :math:`p^2 / 3` each.
    """
    name, statement = "ANTI2", "cos within sets of the best model at p = 0.1, and its loss"
    expected = "< -0.98, < 10% of the orthogonal minimum's 2 p^2 / 3"
    models = at(of_sets(snapshot, 4, 2, 2), 0.1)
    if models is None:
        return [absent(name, statement, expected)]
    best = models.best()
    cosine = cosines(best, within=True)[0]
    share = float(held_out_loss(best)[0]) / (2 * 0.1**2 / 3)
    antipodal = cosines(models, within=True).amax(-1) < -0.98
    measured = f"{numbers(cosine)}; {share:.1%} ({int(antipodal.sum())} of {len(models)} seeds)"
    return [
        Claim(name, statement, expected, measured, within(cosine, -1.01, -0.98) and share < 0.1)
    ]


def hexagon(snapshot: Snapshot) -> list[Claim]:
    """CORR3: three correlated pairs form a hexagon whose neighbours are the pairs."""
    name = "CORR3"
    statement = "degrees within pairs, between neighbours, and least norm of the best at p = 0.05"
    expected = "57-69; 50-70; > 0.9"
    best = _best(snapshot, 6, 2, 2, 0.05)
    if best is None:
        return [absent(name, statement, expected)]
    angles, least = set_angle(best)[0], float(norm(best).min())
    gaps = angle_gaps(best.W[0])
    holds = within(angles, 57, 69) and within(gaps, 50, 70) and least > 0.9
    measured = f"{numbers(angles)}; {float(gaps.min()):.3g}-{float(gaps.max()):.3g}; {least:.3f}"
    return [Claim(name, statement, expected, measured, holds)]


def collapse(snapshot: Snapshot) -> list[Claim]:
    """COLLAPSE: denser pairs fall together one by one, into their principal components."""
    name, statement = "COLLAPSE", "pairs below 10 degrees at p <= .05, .08-.14, .18, .45; by p"
    expected = "0, 1 somewhere, 2, 3; non-decreasing up to .7"
    best = of_sets(snapshot, 6, 2, 2)
    best = best.where(lambda i: float(best.density[i].max()) <= 0.7).best()
    density = best.common_density()
    order = density.argsort()
    density = density[order]
    sparse, one = density <= 0.051, (density > 0.079) & (density < 0.141)
    two, three = ((density - p).abs() < 0.01 for p in (0.18, 0.45))
    if not all(bool(part.any()) for part in (sparse, one, two, three)):
        return [absent(name, statement, expected)]
    count = collapsed(best)[order]
    parts = [
        bool((count[sparse] == 0).all()),
        bool((count[one] == 1).any()),
        bool((count[two] == 2).all()),
        bool((count[three] == 3).all()),
        bool((count.diff() >= 0).all()),
    ]
    measured = ", ".join(f"{int(c)} at {float(p):.2g}" for p, c in zip(density, count, strict=True))
    return [Claim(name, statement, expected, measured, all(parts))]


def collapsed(snapshot: Snapshot) -> Tensor:
    """How many pairs lie within 10 degrees, one number an instance."""
    return (set_angle(snapshot) < COLLAPSED).sum(-1)


def local_bases(snapshot: Snapshot) -> list[Claim]:
    """LOCAL: each set of ten is nearly orthogonal within itself, not to the other set."""
    name, statement = "LOCAL", "mean |WᵀW| of the best model at p = 0.05: within, across, diagonal"
    expected = "< 0.06, > 0.18, > 0.95"
    best = _best(snapshot, 20, 10, 10, 0.05)
    if best is None:
        return [absent(name, statement, expected)]
    gram = (best.W.mT @ best.W).abs()
    inside, across = (float(gram[pairs(best, within)].mean()) for within in (True, False))
    own = gram.diagonal(dim1=1, dim2=2)
    holds = inside < 0.06 and across > 0.18 and float(own.mean()) > 0.95
    measured = f"{numbers([inside, across, float(own.mean())])} (least {float(own.min()):.3g})"
    return [Claim(name, statement, expected, measured, holds)]
