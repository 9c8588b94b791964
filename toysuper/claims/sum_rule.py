"""Claims of the paper's section "The Geometry of Superposition": polytopes and their shares."""

from collections import Counter
from collections.abc import Callable

from torch import Tensor

from toysuper.claims.base import Claim, absent, numbers, within
from toysuper.experiments.pressure.measurement import distance_to_polytopes, features_that_matter
from toysuper.functional.polytopes import polytopes
from toysuper.metrics import total_dimensionality
from toysuper.snapshot import Snapshot


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
    return [_graph(*rule, models, sparsity) for rule in GRAPHS]


GRAPHS: tuple[tuple[str, float, float, str, Callable[[Counter[str]], bool]], ...] = (
    ("GRAPH digons", 2.5, 2.7, ">= 90% digons", lambda c: c["digon"] >= 0.9 * c.total()),
    (
        "GRAPH pentagons",
        3.45,
        4.2,
        "digons and pentagons among them",
        lambda c: min(c["digon"], c["pentagon"]) > 0,
    ),
)
"""Name, from and to which 1/(1-S), and what the numbers of polytopes shall be."""


def _graph(
    name: str,
    start: float,
    stop: float,
    expected: str,
    rule: Callable[[Counter[str]], bool],
    models: Snapshot,
    sparsity: Tensor,
) -> Claim:
    statement = f"components at 1/(1-S) of {start:g}-{stop:g}"
    found = _census(models.where(lambda i: start < float(sparsity[i]) < stop))
    if not found.total():
        return absent(name, statement, expected)
    return Claim(name, statement, expected, _count(found), rule(found))


def pressure(snapshot: Snapshot) -> list[Claim]:
    """PRESSURE: the more features for a dimension, the closer D_i are to polytopes'."""
    best = snapshot.best()
    ratio, density = features_that_matter(best) / best.hidden_sizes, best.common_density()
    distance, found = distance_to_polytopes(best), []
    for p in density[density < 0.25].unique().flip(0):
        here = (density == p).nonzero()[:, 0]
        here = here[ratio[here].argsort()]
        found.append(
            Claim(
                f"PRESSURE p={float(p):.2g}",
                f"mean |D_i - nearest polytope's| for n / m of {numbers(ratio[here])}",
                "decreasing",
                numbers(distance[here]),
                bool((distance[here].diff() < 0).all()) if len(here) > 1 else None,
            )
        )
    return found


def _census(models: Snapshot) -> Counter[str]:
    return Counter(part.name for W in models.W for part in polytopes(W))


def _count(found: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in found.most_common())


def _span(values: Tensor) -> str:
    return f"{float(values.min()):.4f}-{float(values.max()):.4f}"
