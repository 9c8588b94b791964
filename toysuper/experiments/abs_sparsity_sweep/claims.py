"""How many neurons are monosemantic at each density, and which."""

import torch

from toysuper.claims import (
    Claim,
    at_density,
    best_of_cell,
    format_values,
    if_size,
    not_measured,
    with_task,
)
from toysuper.metrics.neurons import (
    features_per_neuron,
    monosemantic_fraction,
    mostly_alive,
    second_weight,
)
from toysuper.snapshot import Snapshot

FRACTIONS = {1.0: (0.9, 1), 0.3: (0.9, 1), 0.03: (0, 0.2), 0.003: (0, 0), 0.001: (0, 0)}
"""Smallest and largest fraction of monosemantic neurons by density."""
MIXED = (0.1, 0.03)
"""Densities at which both kinds of neurons are expected."""
SECONDARY = (0.1, 0.03, 0.01)
"""Densities at which neurons have secondary weights."""


def claims(snapshot: Snapshot) -> list[Claim]:
    """ABS100: neurons are monosemantic if features are dense, and polysemantic if sparse."""
    models = with_task(if_size(snapshot, n=100, m=40, ratio=0.8), "abs")
    densities = dict.fromkeys((*FRACTIONS, *SECONDARY))
    cells = {p: best_of_cell(at_density(models, p)) for p in densities}
    best = {p: model for p, model in cells.items() if model}
    fractions = [_fraction(best.get(p), p) for p in FRACTIONS]
    return [*fractions, _order(best), _importance(best), _secondary(best)]


def _fraction(best: Snapshot | None, density: float) -> Claim:
    low, high = FRACTIONS[density]
    line = f"ABS100 p={density:g}", "fraction of monosemantic neurons", f"{low:g}-{high:g}"
    if best is None:
        return not_measured(*line)
    value = float(monosemantic_fraction(best))
    return Claim(*line, f"{value:.3f}", low <= value <= high and mostly_alive(best))


def _order(best: dict[float, Snapshot]) -> Claim:
    line = "ABS100 order", "the fraction falls with density, and at all", "non-increasing (+- 0.05)"
    values = torch.tensor([float(monosemantic_fraction(best[p])) for p in sorted(best)[::-1]])
    if len(values) < 2:
        return not_measured(*line)
    falls = bool((values.diff() <= 0.05).all()) and float(values[0]) > float(values[-1])
    return Claim(*line, format_values(values), falls)


def _importance(best: dict[float, Snapshot]) -> Claim:
    """Compare the rank by importance of neurons' main features, the ones of largest weight."""
    line = (
        "ABS100 first",
        "mean rank of main features, mono < polysemantic neurons, p = 0.1, 0.03",
        "both",
    )
    pairs = [_main_ranks(best[p]) for p in MIXED if p in best]
    if len(pairs) < len(MIXED) or torch.tensor(pairs).isnan().any():
        return not_measured(*line)
    measured = "; ".join(f"{mono:.3g} < {poly:.3g}" for mono, poly in pairs)
    return Claim(*line, measured, all(mono < poly for mono, poly in pairs))


def _main_ranks(model: Snapshot) -> tuple[float, float]:
    """Compute the mean rank of main features of monosemantic and of polysemantic neurons."""
    rank = model.importance[0].argsort(descending=True, stable=True).argsort()
    main = rank[model.encoder[0].abs().argmax(-1)].double()
    count = features_per_neuron(model)[0]
    return float(main[count == 1].mean()), float(main[count > 1].mean())


def _secondary(best: dict[float, Snapshot]) -> Claim:
    line = (
        "ABS100 primary",
        "second weight over largest, median neuron, p = 0.1, 0.03, 0.01",
        "< 0.5",
    )
    values = [float(second_weight(best[p]).median()) for p in SECONDARY if p in best]
    if len(values) < len(SECONDARY):
        return not_measured(*line)
    living = all(mostly_alive(best[p]) for p in SECONDARY)
    return Claim(*line, format_values(values), living and max(values) < 0.5)
