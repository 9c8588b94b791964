"""Claims of the paper's section "The Geometry of Superposition"."""

from torch import Tensor

from toysuper.claims.claim import Claim, within
from toysuper.metrics import total_dimensionality
from toysuper.types import Snapshot


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


def _span(values: Tensor) -> str:
    return f"{float(values.min()):.4f}-{float(values.max()):.4f}"
