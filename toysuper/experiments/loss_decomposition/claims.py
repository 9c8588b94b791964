"""Whether the parts add up to the loss, and what pentagons and digons lose by single features."""

import math

import torch
from torch import Tensor

from toysuper.claims import (
    Claim,
    format_range,
    format_values,
    not_measured,
    with_activation,
    within,
)
from toysuper.experiments.loss_decomposition.theory import Parts, decompose
from toysuper.functional.losses import expected_loss
from toysuper.functional.noise import Purpose, bits
from toysuper.functional.sampling import sparse_uniform
from toysuper.snapshot import Snapshot

DENSITIES = (0.05, 0.01, 0.002)
PENTAGON_FRACTIONS = (0.36, 0.76, 0.94)
"""Fraction of the pentagon's loss from inputs with at most one active feature, by density."""


def decomposition(snapshot: Snapshot) -> list[Claim]:
    """DECOMP: the parts add up to the loss; pentagons lose by single features, digons do not."""
    return [_sum(snapshot), _pentagon(), _digons()]


def _sum(snapshot: Snapshot) -> Claim:
    line = "DECOMP sum", "sum of P(k) L_k over sampled loss, trained models", "0.99-1.01"
    has_relu = "relu" in snapshot.activation
    best = with_activation(snapshot, "relu").best() if has_relu else snapshot.pick([])
    best = best.where(lambda i: bool(best.common_density().isfinite()[i]))
    if not len(best):
        return not_measured(*line)
    parts = decompose(best.W, best.bias, best.importance, best.common_density(), samples=1 << 18)
    ratio = parts.total / sampled_loss(best, batches=512)
    return Claim(*line, format_range(ratio), within(ratio, 0.99, 1.01))


def sampled_loss(models: Snapshot, batches: int, samples: int = 8192) -> Tensor:
    """Estimate the loss of each model by plain sampling, ``(inst,)``.

    Args:
        models: the trained models; all see the same random numbers.
        batches: number of batches.
        samples: number of samples in a batch.
    """
    total = torch.zeros(len(models), dtype=torch.float64)
    key = torch.tensor([[20, 22]], dtype=torch.int32)
    weight = torch.full((1, samples), 1 / samples)
    for k in range(batches):
        draws = bits(key, k, Purpose.ANALYSIS, models.W.shape[-1], samples)
        x = sparse_uniform(draws.expand(len(models), -1, -1), models.density)
        total += expected_loss(models.forward(x), x, models.importance, weight)
    return total / batches


def _decompose_at_densities(W: Tensor, bias: float) -> Parts:
    """Decompose the loss of one W with equal biases at each of DENSITIES."""
    inst, feat = len(DENSITIES), W.shape[-1]
    return decompose(
        W.expand(inst, -1, -1),
        torch.full((inst, feat), bias, dtype=W.dtype),
        torch.ones(inst, feat, dtype=W.dtype),
        torch.tensor(DENSITIES, dtype=W.dtype),
    )


def _pentagon() -> Claim:
    angle = torch.arange(5, dtype=torch.float64) * (2 * math.pi / 5)
    W = 1.134 * torch.stack([angle.cos(), angle.sin()])[None]  # length and bias: best at p = 0.05
    fraction = _decompose_at_densities(W, bias=-0.245).sparse_fraction
    expected = torch.tensor(PENTAGON_FRACTIONS, dtype=torch.float64)
    holds = within(fraction - expected, -0.03, 0.03)
    statement = "theory: pentagon's loss from <= 1 active, p=.05 .01 .002"
    interval = f"{format_values(PENTAGON_FRACTIONS)} ± 0.03"
    return Claim("DECOMP pentagon", statement, interval, format_values(fraction), holds)


def _digons() -> Claim:
    W = torch.tensor([[[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, -1.0]]], dtype=torch.float64)
    fraction = _decompose_at_densities(W, bias=0.0).sparse_fraction
    line = "DECOMP digons", "theory: digons' loss from <= 1 active", "0"
    return Claim(*line, format_values(fraction), within(fraction, 0, 1e-12))
