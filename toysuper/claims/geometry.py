"""Claims of the paper's section "The Geometry of Superposition"."""

from collections import Counter

import torch
from torch import Tensor

from toysuper.claims.claim import Claim, absent, numbers, within
from toysuper.functional.polytopes import polytopes
from toysuper.metrics import dimensionality, dimensions_per_feature, norm, total_dimensionality
from toysuper.metrics.snapshot import REPRESENTED
from toysuper.types import Snapshot


def sum_rule(snapshot: Snapshot) -> list[Claim]:
    """SUMD: D_i share out the hidden dimensions, and use them up when all features are equal."""
    share = total_dimensionality(snapshot)
    bound = Claim(
        "SUMD bound", "sum of D_i / m, any W", "<= 1.001", _span(share), within(share, 1e-6, 1.001)
    )
    equal = (snapshot.importance == snapshot.importance[:, :1]).all(-1)
    if not equal.any():
        return [bound]
    share = share[equal]
    tight = Claim(
        "SUMD tight",
        "sum of D_i / m, equal features",
        "0.98-1.001",
        _span(share),
        within(share, 0.98, 1.001),
    )
    return [bound, tight]


def graph(snapshot: Snapshot) -> list[Claim]:
    """GRAPH: the components of the feature geometry graph are the paper's polytopes."""
    models = snapshot.best()
    sparsity = 1 / models.common_density()
    return [
        _digon_graph(models.pick(_indices((sparsity > 2.5) & (sparsity < 2.7)))),
        _pentagon_graph(models.pick(_indices((sparsity > 3.45) & (sparsity < 4.2)))),
    ]


def _indices(chosen: Tensor) -> list[int]:
    return [int(i) for i in chosen.nonzero()[:, 0]]


def _digon_graph(models: Snapshot) -> Claim:
    name, statement, expected = "GRAPH digons", "components at 1/(1-S) of 2.6", ">= 90% digons"
    if not len(models):
        return absent(name, statement, expected)
    found = _census(models)
    share = found["digon"] / max(1, found.total())
    return Claim(name, statement, expected, _count(found), share >= 0.9)


def _pentagon_graph(models: Snapshot) -> Claim:
    name, statement = "GRAPH pentagons", "components at 1/(1-S) of 3.5-4.1"
    expected = "digons and pentagons among them"
    if not len(models):
        return absent(name, statement, expected)
    found = _census(models)
    holds = found["digon"] > 0 and found["pentagon"] > 0
    return Claim(name, statement, expected, _count(found), holds)


def _census(models: Snapshot) -> Counter[str]:
    return Counter(part.name for W in models.W for part in polytopes(W))


def _count(found: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in found.most_common())


def dimensions(snapshot: Snapshot) -> list[Claim]:
    """DSTAR and DSCATTER: plateaus of dimensions per feature, for many equal features."""
    models = snapshot.best()
    sparsity, share = 1 / models.common_density(), dimensions_per_feature(models)
    found = [_curve(*plateau, sparsity, share) for plateau in PLATEAUS]
    return [*found, *_clusters(models, sparsity)]


PLATEAUS = (
    ("DSTAR one", "a dimension each", 1.0, 1.2, 0.95, 1.05),
    ("DSTAR half", "two in a dimension", 2.15, 3.55, 0.47, 0.54),
    ("DSTAR leaves", "beyond the plateau", 4.7, 4.95, 0.0, 0.42),
    ("DSTAR 10", "sparser", 9.2, 10.8, 0.17, 0.25),
    ("DSTAR 20", "sparser still", 19.5, 20.5, 0.10, 0.18),
)
"""Name, statement, from and to which 1/(1-S), least and most D*; the last two for n=200, m=20."""


def _curve(
    name: str,
    what: str,
    start: float,
    stop: float,
    low: float,
    high: float,
    sparsity: Tensor,
    share: Tensor,
) -> Claim:
    here = share[(sparsity > start - 1e-3) & (sparsity < stop)]
    statement = f"{what}: D* at 1/(1-S) of {start:g}-{stop:g}"
    if not len(here):
        return absent(name, statement, f"{low:g}-{high:g}")
    measured = numbers(here, ".3f")
    return Claim(name, statement, f"{low:g}-{high:g}", measured, within(here, low, high))


def _clusters(models: Snapshot, sparsity: Tensor) -> list[Claim]:
    shares = dimensionality(models).where(norm(models) > REPRESENTED, torch.nan)
    return [
        _digons(shares[(sparsity > 2.5) & (sparsity < 2.7)]),
        _pentagons(shares[(sparsity > 3.45) & (sparsity < 4.2)]),
        _solids(shares[(sparsity > 1.19) & (sparsity < 1.75)]),
    ]


def _digons(shares: Tensor) -> Claim:
    statement, expected = "D_i in 0.47-0.53 at 1/(1-S) of 2.6", ">= 90% of represented"
    represented = int(shares.isfinite().sum())
    if not represented:
        return absent("DSCATTER digons", statement, expected)
    share = _between(shares, 0.47, 0.53) / represented
    return Claim(
        "DSCATTER digons", statement, expected, f"{share:.0%} of {represented}", share >= 0.9
    )


def _pentagons(shares: Tensor) -> Claim:
    name, statement = "DSCATTER pentagons", "D_i in 0.38-0.42 at 1/(1-S) of 3.5-4.1"
    expected = "somewhere 5 k +- 1 of them, k >= 1"
    if not len(shares):
        return absent(name, statement, expected)
    counts = [_between(row, 0.38, 0.42) for row in shares]
    holds = any(count >= 4 and count % 5 in (0, 1, 4) for count in counts)
    return Claim(name, statement, expected, ", ".join(map(str, counts)), holds)


def _solids(shares: Tensor) -> Claim:
    name, statement = "DSCATTER solids", "D_i at 1/(1-S) of 1.2-1.7 near 2/3 and 3/4 (+-0.03)"
    expected = "more than at 0.55-0.61, each"
    if not shares.isfinite().any():
        return absent(name, statement, expected)
    triangle, tetrahedron = (_between(shares, d - 0.03, d + 0.03) for d in (2 / 3, 3 / 4))
    between = _between(shares, 0.55, 0.61)
    measured = f"{triangle}, {tetrahedron}; {between}"
    return Claim(name, statement, expected, measured, min(triangle, tetrahedron) > between)


def _between(values: Tensor, low: float, high: float) -> int:
    return int(((values >= low) & (values <= high)).sum())


def _span(values: Tensor) -> str:
    return f"{float(values.min()):.4f}-{float(values.max()):.4f}"
