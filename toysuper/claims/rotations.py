"""Rotations of the hidden space, and whether they change what a model computes."""

import torch
from torch import Tensor

from toysuper.claims.base import Claim
from toysuper.functional.noise import Purpose, bits, normal, uniform
from toysuper.snapshot import Snapshot, map_tensors

ROUNDING = 1e-12
"""Smaller changes are rounding errors of float64 and differ between computers."""


def invariance(snapshot: Snapshot) -> list[Claim]:
    r"""INV: without a privileged basis, a rotation of the hidden space changes no output.

    Both weight matrices and the hidden bias are multiplied with one random orthogonal matrix O.
    If the hidden layer is linear, :math:`(O W)^\top (O W) = W^\top W`, so outputs stay the same.
    If it is not, the rotation must change them. Variants that do not name the function of their
    hidden layer are not measured.

    Source: `Definitions and Motivation
    <https://transformer-circuits.pub/2022/toy_model/index.html#motivation>`_.
    """
    if not snapshot.hidden_activation:
        statement = "outputs survive a random rotation if the hidden layer is linear"
        return [Claim("INV", statement, "< 1e-5", "the variant has no hidden_activation", None)]
    change = _largest_change(snapshot)
    is_linear = set(snapshot.hidden_activation) == {"identity"}
    statement = (
        "outputs survive a random rotation" if is_linear else "a rotation changes the outputs"
    )
    expected, holds = ("< 1e-5", change < 1e-5) if is_linear else ("> 1e-2", change > 1e-2)
    measured = f"{change:.1e}" if change > ROUNDING else f"< {ROUNDING:g}"
    return [Claim("INV", statement, expected, measured, holds)]


def _largest_change(snapshot: Snapshot) -> float:
    """Compute the largest change of an output, in float64, on inputs in [0, 1)."""
    hidden, feat = snapshot.W.shape[1:]
    key = torch.tensor([[hidden, feat]], dtype=torch.int32)
    O = torch.linalg.qr(normal(key, 0, hidden, hidden, torch.float64)).Q
    x = uniform(bits(key, 0, Purpose.ANALYSIS, feat, 256), torch.float64)
    return float((_outputs(snapshot, x, O) - _outputs(snapshot, x)).abs().max())


@torch.no_grad()
def _outputs(snapshot: Snapshot, x: Tensor, rotation: Tensor | None = None) -> Tensor:
    """Compute the outputs in float64, with W, V and c of a rotated hidden space."""

    def change(name: str, tensor: Tensor) -> Tensor:
        exact = tensor.double() if tensor.is_floating_point() else tensor
        if rotation is None or name not in ("W", "V", "c"):
            return exact
        return exact @ rotation[0].mT if name == "c" else rotation @ exact

    return map_tensors(snapshot.model, change)(x.expand(len(snapshot), -1, -1))
