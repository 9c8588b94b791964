"""Claims about the loss split by the number of active features."""

import math

import torch
from torch import Tensor

from toysuper.claims.base import Claim, absent, numbers, only, within
from toysuper.experiments.loss_decomposition.theory import Parts, decompose
from toysuper.functional.losses import expected_loss
from toysuper.functional.noise import Purpose, bits
from toysuper.functional.sampling import sparse_uniform
from toysuper.snapshot import Snapshot

DENSITIES = (0.05, 0.01, 0.002)
PENTAGON_SHARES = (0.36, 0.76, 0.94)


def decomposition(snapshot: Snapshot) -> list[Claim]:
    """DECOMP: the parts add up to the loss; pentagons err on single features, digons do not."""
    return [_sum(snapshot), _pentagon(), _digons()]


def _sum(snapshot: Snapshot) -> Claim:
    name, statement = "DECOMP sum", "sum of P(k) L_k over sampled loss, trained models"
    best = only(snapshot, "relu").best() if "relu" in snapshot.activation else snapshot.pick([])
    best = best.where(lambda i: bool(best.common_density().isfinite()[i]))
    if not len(best):
        return absent(name, statement, "0.99-1.01")
    parts = decompose(best.W, best.bias, best.importance, best.common_density(), samples=1 << 18)
    ratio = parts.total / sampled_loss(best, batches=512)
    span = f"{float(ratio.min()):.4f}-{float(ratio.max()):.4f}"
    return Claim(name, statement, "0.99-1.01", span, within(ratio, 0.99, 1.01))


def sampled_loss(models: Snapshot, batches: int, samples: int = 8192) -> Tensor:
    """The loss of each model by plain sampling, ``(inst,)``; the same draws for all models."""
    total = torch.zeros(len(models), dtype=torch.float64)
    key = torch.tensor([[20, 22]], dtype=torch.int32)
    weight = torch.full((1, samples), 1 / samples)
    for k in range(batches):
        draws = bits(key, k, Purpose.ANALYSIS, models.W.shape[-1], samples)
        x = sparse_uniform(draws.expand(len(models), -1, -1), models.density)
        total += expected_loss(models.forward(x), x, models.importance, weight)
    return total / batches


def _fixed(W: Tensor, bias: float) -> Parts:
    inst, feat = len(DENSITIES), W.shape[-1]
    return decompose(
        W.expand(inst, -1, -1),
        torch.full((inst, feat), bias, dtype=W.dtype),
        torch.ones(inst, feat, dtype=W.dtype),
        torch.tensor(DENSITIES, dtype=W.dtype),
    )


def _pentagon() -> Claim:
    angle = torch.arange(5, dtype=torch.float64) * (2 * math.pi / 5)
    W = 1.134 * torch.stack([angle.cos(), angle.sin()])[None]  # the optimum at p = 0.05
    share = _fixed(W, bias=-0.245).sparse_share
    expected = torch.tensor(PENTAGON_SHARES, dtype=torch.float64)
    holds = within(share - expected, -0.03, 0.03)
    statement = "theory: pentagon's loss from <= 1 active, p=.05 .01 .002"
    wanted = f"{numbers(PENTAGON_SHARES)} ± 0.03"
    return Claim("DECOMP pentagon", statement, wanted, numbers(share), holds)


def _digons() -> Claim:
    W = torch.tensor([[[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, -1.0]]], dtype=torch.float64)
    share = _fixed(W, bias=0.0).sparse_share
    statement = "theory: digons' loss from <= 1 active"
    return Claim("DECOMP digons", statement, "0", numbers(share), within(share, 0, 1e-12))
