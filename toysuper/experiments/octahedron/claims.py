"""Whether models end as an octahedron, and go through all stages in order."""

from torch import Tensor

from toysuper.claims import Claim, if_sets, not_measured
from toysuper.experiments.octahedron.measurement import is_octahedron, stages
from toysuper.metrics.sets import cosines
from toysuper.snapshot import Snapshot

END_LINE = (
    "OCTA",
    "seeds that end with 3 cross-set cos < -0.9 and |cos| < 0.1 within sets",
    ">= 80%",
)
ORDER_LINE = "OCTA order", "seeds whose sets separate, then open, then pair up", ">= 80%"
"""Name, statement and expected values of the claims."""


def octahedron(snapshot: Snapshot) -> list[Claim]:
    """OCTA: two correlated sets of three features become an octahedron, stage by stage."""
    if not len(if_sets(snapshot, n=6, m=3, size=3)):
        return [not_measured(*END_LINE), not_measured(*ORDER_LINE)]
    orthogonal = cosines(snapshot, within=True).abs().amax(-1) < 0.1
    end = _fraction(END_LINE, is_octahedron(snapshot) & orthogonal)
    if not snapshot.history:
        return [end, not_measured(*ORDER_LINE)]
    return [end, _fraction(ORDER_LINE, stages(snapshot).in_order)]


def _fraction(line: tuple[str, str, str], mask: Tensor) -> Claim:
    measured = f"{int(mask.sum())} of {len(mask)}"
    return Claim(*line, measured, float(mask.double().mean()) >= 0.8)
