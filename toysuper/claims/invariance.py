"""Claims of the paper's section "Definitions and Motivation"."""

import torch
from torch import Tensor
from torch.func import functional_call

from toysuper.claims.base import Claim
from toysuper.functional.noise import Purpose, bits, normal, uniform
from toysuper.snapshot import Snapshot

ROUNDING = 1e-12
"""Changes below this are of float64's making, and not the same twice."""


def invariance(snapshot: Snapshot) -> list[Claim]:
    """INV: without a privileged basis, rotating the hidden space changes no output."""
    hidden, feat = int(snapshot.model.hidden), snapshot.density.shape[1]
    key = torch.tensor([[hidden, feat]], dtype=torch.int32)
    O = torch.linalg.qr(normal(key, 0, hidden, hidden, torch.float64)).Q
    x = uniform(bits(key, 0, Purpose.ANALYSIS, feat, 256), torch.float64)
    before, after = _answers(snapshot, x), _answers(snapshot, x, O)
    change = float((after - before).abs().max())
    free = set(snapshot.hidden_activation) == {"identity"}
    statement = "outputs survive a random rotation" if free else "a rotation changes the outputs"
    expected, holds = ("< 1e-5", change < 1e-5) if free else ("> 1e-2", change > 1e-2)
    measured = f"{change:.1e}" if change > ROUNDING else f"< {ROUNDING:g}"
    return [Claim("INV", statement, expected, measured, holds)]


@torch.no_grad()
def _answers(snapshot: Snapshot, x: Tensor, rotation: Tensor | None = None) -> Tensor:
    """Compute answers in float64, with W, V and c of a rotated hidden space."""
    model = snapshot.model
    state = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    state = {k: v.double() if v.is_floating_point() else v for k, v in state.items()}
    if rotation is not None:
        state |= {k: rotation @ state[k] for k in ("W", "V") if k in state}
        state |= {k: state[k] @ rotation[0].mT for k in ("c",) if k in state}
    return functional_call(model, state, (x.expand(len(snapshot), -1, -1),))
