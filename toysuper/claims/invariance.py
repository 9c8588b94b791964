"""Claims of the paper's section "Definitions and Motivation"."""

from dataclasses import replace

import torch

from toysuper.claims.base import Claim
from toysuper.functional.noise import Purpose, bits, normal, uniform
from toysuper.snapshot import Snapshot

ROUNDING = 1e-12
"""Changes below this are of float64's making, and not the same twice."""


def invariance(snapshot: Snapshot) -> list[Claim]:
    """INV: without a privileged basis, rotating the hidden space changes no output."""
    _, hidden, feat = snapshot.W.shape
    key = torch.tensor([[hidden, feat]], dtype=torch.int32)
    O = torch.linalg.qr(normal(key, 0, hidden, hidden, torch.float64)).Q
    x = uniform(bits(key, 0, Purpose.ANALYSIS, feat, 256), torch.float64)
    names = ("encoder", "decoder", "bias", "hidden_bias")
    exact = replace(snapshot, **{name: getattr(snapshot, name).double() for name in names})
    turned = exact.hidden_bias @ O[0].mT
    rotated = replace(
        exact, encoder=O @ exact.encoder, decoder=O @ exact.decoder, hidden_bias=turned
    )
    change = float((rotated.forward(x) - exact.forward(x)).abs().max())
    free = set(snapshot.hidden_activation) == {"identity"}
    statement = "outputs survive a random rotation" if free else "a rotation changes the outputs"
    expected, holds = ("< 1e-5", change < 1e-5) if free else ("> 1e-2", change > 1e-2)
    measured = f"{change:.1e}" if change > ROUNDING else f"< {ROUNDING:g}"
    return [Claim("INV", statement, expected, measured, holds)]
