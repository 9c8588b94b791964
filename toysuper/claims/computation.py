"""Claims of the paper's section "Computation in Superposition"."""

import torch

from toysuper.claims.claim import Claim, absent, at, numbers, of_size, within
from toysuper.metrics import held_out_loss
from toysuper.metrics.neurons import monosemantic_fraction, normalised, takes_part
from toysuper.types import Snapshot


def absolute_values(snapshot: Snapshot) -> list[Claim]:
    """ABS3: each of three absolute values is the sum of a neuron for x and one for -x."""
    loss = ("ABS3 loss", "loss of the best models", "< 1e-4")
    weights = ("ABS3 neurons", "one-hot neurons, a pair of them for each feature", "6, in 3 pairs")
    products = ("ABS3 products", "|W1| W2 of each neuron", "0.98-1.02")
    models = _tasked(of_size(snapshot, n=3, m=6, ratio=1.0), "abs")
    if not len(models):
        return [absent(*loss), absent(*weights), absent(*products)]
    best = normalised(models.best())
    alone = takes_part(best).sum(-1) == 1
    pairs = _pairs(best) & alone.all(-1)
    product = (best.encoder.abs() * best.decoder).sum(-1)
    losses = held_out_loss(best)
    counts = ", ".join(f"{int(k)}" for k in alone.sum(-1))
    span = f"{float(product.min()):.4f}-{float(product.max()):.4f}"
    return [
        Claim(*loss, numbers(losses, ".1e"), within(losses, 0, 1e-4)),
        Claim(*weights, f"{counts}; pairs in {int(pairs.sum())} of {len(best)}", bool(pairs.all())),
        Claim(*products, span, within(product, 0.98, 1.02)),
    ]


def _tasked(snapshot: Snapshot, task: str) -> Snapshot:
    return snapshot.where(lambda i: snapshot.task[i] == task)


def _pairs(models: Snapshot) -> torch.Tensor:
    """Whether every feature has one neuron with a large positive and one with a negative weight."""
    positive, negative = (models.encoder > 0.5).sum(1), (models.encoder < -0.5).sum(1)
    return ((positive == 1) & (negative == 1)).all(-1)


def absolute_sweep(snapshot: Snapshot) -> list[Claim]:
    """ABS100: neurons are monosemantic if features are dense, and polysemantic if sparse."""
    models = _tasked(of_size(snapshot, n=100, m=40, ratio=0.8), "abs")
    found = {p: at(models, p) for p in FRACTION}
    share = {p: float(monosemantic_fraction(m.best())) for p, m in found.items() if m}
    claims = []
    for p, (low, high) in FRACTION.items():
        line = f"ABS100 p={p:g}", "share of monosemantic neurons", f"{low:g}-{high:g}"
        value = share.get(p)
        claims.append(
            absent(*line) if value is None else Claim(*line, f"{value:.3f}", low <= value <= high)
        )
    values = torch.tensor(list(share.values()))
    line = "ABS100 order", "the share falls with density", "non-increasing (+- 0.05)"
    falls = bool((values.diff() <= 0.05).all()) if len(values) > 1 else None
    return [*claims, Claim(*line, numbers(values), falls)]


FRACTION = {1.0: (0.9, 1), 0.3: (0.9, 1), 0.03: (0, 0.2), 0.003: (0, 0), 0.001: (0, 0)}
"""Least and largest share by density."""
