"""Claims of the paper's section "The Geometry of Superposition": many equal features."""

import torch
from torch import Tensor

from toysuper.claims.base import Claim, absent, numbers, within
from toysuper.functional.theory import linear_optimum_loss
from toysuper.metrics import dimensionality, dimensions_per_feature, held_out_loss, norm
from toysuper.metrics.features import REPRESENTED
from toysuper.snapshot import Snapshot


def dimensions(snapshot: Snapshot) -> list[Claim]:
    """DSTAR and DSCATTER: plateaus of dimensions per feature, for many equal features."""
    models = snapshot.best()
    sparsity, share = 1 / models.common_density(), dimensions_per_feature(models)
    found = [_curve(*plateau, sparsity, share) for plateau in PLATEAUS]
    return [_dense(models, sparsity), *found, *_clusters(models, sparsity)]


def _dense(models: Snapshot, sparsity: Tensor) -> Claim:
    """Outputs that died in training would raise the loss, and D* would not show them."""
    statement = "held-out loss at 1/(1-S) of 1-1.2 over a linear model's least"
    here = models.where(lambda i: float(sparsity[i]) < 1.2)
    if not len(here):
        return absent("DSTAR loss", statement, "0.98-1.01")
    floor = linear_optimum_loss(here.importance, here.density, here.W.shape[1])
    ratio = held_out_loss(here) / floor
    return Claim(
        "DSTAR loss", statement, "0.98-1.01", numbers(ratio, ".3f"), within(ratio, 0.98, 1.01)
    )


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
