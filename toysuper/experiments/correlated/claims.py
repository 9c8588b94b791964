"""Geometry of correlated pairs: two in two dimensions, then three."""

from torch import Tensor

from toysuper.claims import (
    Claim,
    at_density,
    format_values,
    if_sets,
    not_measured,
    within,
)
from toysuper.functional.geometry import angle_gaps
from toysuper.metrics import norm
from toysuper.metrics.sets import set_angle, within_cosine
from toysuper.snapshot import Snapshot

MAX_COLLAPSED_ANGLE = 10.0
"""Degrees between two correlated features below which they count as one direction."""


def orthogonal_pairs(snapshot: Snapshot) -> list[Claim]:
    """CORR2: the members of a correlated pair are orthogonal."""
    name, statement = "CORR2", "mean |cos| within sets of the best model at p = 0.1; least norm"
    models = at_density(if_sets(snapshot, n=4, m=2, size=2), 0.1)
    if models is None:
        return [not_measured(name, statement, "< 0.05; > 0.5")]
    best = models.best()
    cosine, least = float(within_cosine(best)[0]), float(norm(best).min())
    holds = cosine < 0.05 and least > 0.5
    return [Claim(name, statement, "< 0.05; > 0.5", f"{cosine:.3f}; {least:.3f}", holds)]


def hexagon(snapshot: Snapshot) -> list[Claim]:
    """CORR3: three correlated pairs form a hexagon in which the two of a pair are neighbours."""
    name = "CORR3"
    statement = "degrees within pairs, between neighbours, and least norm of the best at p = 0.05"
    expected = "57-69; 50-70; > 0.9"
    models = at_density(if_sets(snapshot, n=6, m=2, size=2), 0.05)
    if models is None:
        return [not_measured(name, statement, expected)]
    best = models.best()
    angles, gaps, least = set_angle(best)[0], angle_gaps(best.W[0]), float(norm(best).min())
    holds = within(angles, 57, 69) and within(gaps, 50, 70) and least > 0.9
    span = f"{float(gaps.min()):.3g}-{float(gaps.max()):.3g}"
    measured = f"{format_values(angles)}; {span}; {least:.3f}"
    return [Claim(name, statement, expected, measured, holds)]


def collapse(snapshot: Snapshot) -> list[Claim]:
    """COLLAPSE: the denser the pairs, the more of them collapse to their principal component."""
    name, statement = "COLLAPSE", "pairs below 10 degrees at p <= .05, .08-.14, .18, .45; by p"
    expected = "0, 1 somewhere, 2, 3; non-decreasing up to .7"
    pairs = if_sets(snapshot, n=6, m=2, size=2)
    best = pairs.where(lambda i: float(pairs.density[i].max()) <= 0.7).best()
    order = best.common_density().argsort()
    density = best.common_density()[order]
    ranges = _density_ranges(density)
    if not all(bool(part.any()) for part in ranges):
        return [not_measured(name, statement, expected)]
    count = collapsed_pairs(best)[order]
    measured = ", ".join(f"{int(c)} at {float(p):.2g}" for p, c in zip(density, count, strict=True))
    return [Claim(name, statement, expected, measured, _rises_one_by_one(count, *ranges))]


def _density_ranges(density: Tensor) -> tuple[Tensor, ...]:
    """Mark the densities at which 0, 1, 2 and 3 pairs are expected to collapse."""
    none, one = density <= 0.051, (density > 0.079) & (density < 0.141)
    two, three = ((density - p).abs() < 0.01 for p in (0.18, 0.45))
    return none, one, two, three


def _rises_one_by_one(count: Tensor, none: Tensor, one: Tensor, two: Tensor, three: Tensor) -> bool:
    as_expected = [(count[part] == k).all() for k, part in ((0, none), (2, two), (3, three))]
    return bool(all(as_expected) and (count[one] == 1).any() and (count.diff() >= 0).all())


def collapsed_pairs(snapshot: Snapshot) -> Tensor:
    """Number of pairs within 10 degrees, ``(inst,)``."""
    return (set_angle(snapshot) < MAX_COLLAPSED_ANGLE).sum(-1)
