"""Plateaus of dimensions per feature, the polytopes they consist of, and vulnerability."""

from collections import Counter
from collections.abc import Callable

import torch
from torch import Tensor
from torchmetrics.functional import spearman_corrcoef

from toysuper.claims import Claim, format_values, not_measured, within
from toysuper.functional.geometry import REPRESENTED
from toysuper.functional.polytopes import polytopes
from toysuper.functional.theory import linear_optimum_loss
from toysuper.metrics import dimensionality, dimensions_per_feature, held_out_loss, norm
from toysuper.metrics.vulnerability import vulnerability
from toysuper.snapshot import Snapshot


def plateaus(snapshot: Snapshot) -> list[Claim]:
    """DSTAR and DSCATTER: dimensions per feature have plateaus, and D_i the values of polytopes."""
    models = snapshot.best()
    sparsity, values = 1 / models.common_density(), dimensions_per_feature(models)
    curve = [_plateau(*plateau, sparsity, values) for plateau in PLATEAUS]
    return [_dense_loss(models, sparsity), *curve, *_clusters(models, sparsity)]


def _dense_loss(models: Snapshot, sparsity: Tensor) -> Claim:
    """Check the loss at the dense end: dead outputs raise it, and D* does not show them."""
    line = (
        "DSTAR loss",
        "held-out loss at 1/(1-S) of 1-1.2 over a linear model's least",
        "0.98-1.01",
    )
    dense = models.where(lambda i: float(sparsity[i]) < 1.2)
    if not len(dense):
        return not_measured(*line)
    optimum = linear_optimum_loss(dense.importance, dense.density, dense.W.shape[1])
    ratio = held_out_loss(dense) / optimum
    return Claim(*line, format_values(ratio, ".3f"), within(ratio, 0.98, 1.01))


PLATEAUS = (
    ("DSTAR one", "a dimension each", 1.0, 1.2, 0.95, 1.05),
    ("DSTAR half", "two in a dimension", 2.15, 3.55, 0.47, 0.54),
    ("DSTAR leaves", "beyond the plateau", 4.7, 4.95, 0.0, 0.42),
    ("DSTAR 10", "sparser", 9.2, 10.8, 0.17, 0.25),
    ("DSTAR 20", "sparser still", 19.5, 20.5, 0.10, 0.18),
)
"""Name, statement, range of 1/(1-S), range of D*. The last two are for n = 200, m = 20."""


def _plateau(
    name: str,
    what: str,
    start: float,
    stop: float,
    low: float,
    high: float,
    sparsity: Tensor,
    values: Tensor,
) -> Claim:
    values = values[(sparsity > start - 1e-3) & (sparsity < stop)]
    line = name, f"{what}: D* at 1/(1-S) of {start:g}-{stop:g}", f"{low:g}-{high:g}"
    if not len(values):
        return not_measured(*line)
    return Claim(*line, format_values(values, ".3f"), within(values, low, high))


def _clusters(models: Snapshot, sparsity: Tensor) -> list[Claim]:
    values = dimensionality(models).where(norm(models) > REPRESENTED, torch.nan)
    return [
        _digons(values[(sparsity > 2.5) & (sparsity < 2.7)]),
        _pentagons(values[(sparsity > 3.45) & (sparsity < 4.2)]),
        _solids(values[(sparsity > 1.19) & (sparsity < 1.75)]),
    ]


def _digons(values: Tensor) -> Claim:
    line = "DSCATTER digons", "D_i in 0.47-0.53 at 1/(1-S) of 2.6", ">= 90% of represented"
    represented = int(values.isfinite().sum())
    if not represented:
        return not_measured(*line)
    fraction = _count_between(values, 0.47, 0.53) / represented
    return Claim(*line, f"{fraction:.0%} of {represented}", fraction >= 0.9)


def _pentagons(values: Tensor) -> Claim:
    line = (
        "DSCATTER pentagons",
        "D_i in 0.38-0.42 at 1/(1-S) of 3.5-4.1",
        "somewhere 5 k +- 1 of them, k >= 1",
    )
    if not len(values):
        return not_measured(*line)
    counts = [_count_between(row, 0.38, 0.42) for row in values]
    holds = any(count >= 4 and count % 5 in (0, 1, 4) for count in counts)
    return Claim(*line, ", ".join(map(str, counts)), holds)


def _solids(values: Tensor) -> Claim:
    line = (
        "DSCATTER solids",
        "D_i at 1/(1-S) of 1.2-1.7 near 2/3 and 3/4 (+-0.03)",
        "more than at 0.55-0.61, each",
    )
    if not values.isfinite().any():
        return not_measured(*line)
    triangle, tetrahedron = (_count_between(values, d - 0.03, d + 0.03) for d in (2 / 3, 3 / 4))
    between = _count_between(values, 0.55, 0.61)
    measured = f"{triangle}, {tetrahedron}; {between}"
    return Claim(*line, measured, min(triangle, tetrahedron) > between)


def _count_between(values: Tensor, low: float, high: float) -> int:
    return int(((values >= low) & (values <= high)).sum())


def components(snapshot: Snapshot) -> list[Claim]:
    """GRAPH: the components of the feature geometry graph are the paper's polytopes."""
    models = snapshot.best()
    sparsity = 1 / models.common_density()
    return [_components(*row, models, sparsity) for row in COMPONENTS]


COMPONENTS: tuple[tuple[str, float, float, str, Callable[[Counter[str]], bool]], ...] = (
    ("GRAPH digons", 2.5, 2.7, ">= 90% digons", lambda c: c["digon"] >= 0.9 * c.total()),
    (
        "GRAPH pentagons",
        3.45,
        4.2,
        "digons and pentagons among them",
        lambda c: min(c["digon"], c["pentagon"]) > 0,
    ),
)
"""Name, range of 1/(1-S), expected numbers of polytopes, in words and as a function."""


def _components(
    name: str,
    start: float,
    stop: float,
    expected: str,
    rule: Callable[[Counter[str]], bool],
    models: Snapshot,
    sparsity: Tensor,
) -> Claim:
    line = name, f"components at 1/(1-S) of {start:g}-{stop:g}", expected
    members = models.where(lambda i: start < float(sparsity[i]) < stop)
    counts = Counter(part.name for W in members.W for part in polytopes(W))
    if not counts.total():
        return not_measured(*line)
    measured = ", ".join(f"{count} {name}" for name, count in counts.most_common())
    return Claim(*line, measured, rule(counts))


def attacks(snapshot: Snapshot) -> list[Claim]:
    """ADV: vulnerability rises with superposition and follows features per dimension."""
    models = snapshot.best()
    sparsity = 1 / models.common_density()
    line = "ADV rise", "vulnerability at 1/(1-S) of 3.6-4.5 over the densest model's", ">= 3"
    sparse = (sparsity > 3.59) & (sparsity < 4.51)
    if not sparse.any() or not (sparsity < 1.05).any():
        return [not_measured(*line)]
    added_loss, per_dimension = vulnerability(models), 1 / dimensions_per_feature(models)
    rise = (added_loss / added_loss[sparsity.argmin()])[sparse]
    correlation = float(spearman_corrcoef(added_loss, per_dimension.to(added_loss)))
    correlation_line = (
        "ADV follows",
        "rank correlation of vulnerability with features per dimension",
        ">= 0.95",
    )
    return [
        Claim(*line, format_values(rise), bool((rise >= 3).all())),
        Claim(*correlation_line, f"{correlation:.3f}", correlation >= 0.95),
    ]
