"""Claims of the paper's section "Computation in Superposition": absolute values by sparsity."""

import torch

from toysuper.claims.base import Claim, absent, at, numbers, of_size, sole, tasked
from toysuper.metrics.neurons import (
    features_per_neuron,
    monosemantic_fraction,
    mostly_alive,
    second_weight,
)
from toysuper.snapshot import Snapshot

SHARE = {1.0: (0.9, 1), 0.3: (0.9, 1), 0.03: (0, 0.2), 0.003: (0, 0), 0.001: (0, 0)}
"""Least and largest share of monosemantic neurons by density."""
MIXED = (0.1, 0.03)
"""Densities at which neurons of both kinds are expected."""
SHARED = (0.1, 0.03, 0.01)
"""Densities at which neurons have secondary weights."""


def absolute_sweep(snapshot: Snapshot) -> list[Claim]:
    """ABS100: neurons are monosemantic if features are dense, and polysemantic if sparse."""
    models = tasked(of_size(snapshot, n=100, m=40, ratio=0.8), "abs")
    found = {p: sole(at(models, p)) for p in dict.fromkeys((*SHARE, *SHARED))}
    best = {p: model for p, model in found.items() if model}
    shares = [_share(best.get(p), p) for p in SHARE]
    return [*shares, _order(best), _important(best), _primary(best)]


def _share(best: Snapshot | None, density: float) -> Claim:
    low, high = SHARE[density]
    line = f"ABS100 p={density:g}", "share of monosemantic neurons", f"{low:g}-{high:g}"
    if best is None:
        return absent(*line)
    value = float(monosemantic_fraction(best))
    return Claim(*line, f"{value:.3f}", low <= value <= high and mostly_alive(best))


def _order(best: dict[float, Snapshot]) -> Claim:
    line = "ABS100 order", "the share falls with density, and at all", "non-increasing (+- 0.05)"
    values = torch.tensor([float(monosemantic_fraction(best[p])) for p in sorted(best)[::-1]])
    if len(values) < 2:
        return absent(*line)
    falls = bool((values.diff() <= 0.05).all()) and float(values[0]) > float(values[-1])
    return Claim(*line, numbers(values), falls)


def _important(best: dict[float, Snapshot]) -> Claim:
    """Compare the importance, as a rank, of neurons' largest features."""
    line = "ABS100 first", "mean rank of main features, mono < polysemantic neurons, p = 0.1, 0.03"
    pairs = [_ranks(best[p]) for p in MIXED if p in best]
    measured = "; ".join(f"{mono:.3g} < {several:.3g}" for mono, several in pairs)
    if len(pairs) < len(MIXED) or any(
        mono != mono or several != several for mono, several in pairs
    ):
        return absent(*line, "both")
    return Claim(*line, "both", measured, all(mono < several for mono, several in pairs))


def _ranks(model: Snapshot) -> tuple[float, float]:
    rank = model.importance[0].argsort(descending=True, stable=True).argsort()
    main = rank[model.encoder[0].abs().argmax(-1)].double()
    count = features_per_neuron(model)[0]
    return float(main[count == 1].mean()), float(main[count > 1].mean())


def _primary(best: dict[float, Snapshot]) -> Claim:
    line = (
        "ABS100 primary",
        "second weight over largest, median neuron, p = 0.1, 0.03, 0.01",
        "< 0.5",
    )
    values = [float(second_weight(best[p]).median()) for p in SHARED if p in best]
    if len(values) < len(SHARED):
        return absent(*line)
    living = all(mostly_alive(best[p]) for p in SHARED)
    return Claim(*line, numbers(values), living and max(values) < 0.5)
