"""Claims of the paper's section "Superposition and Learning Dynamics"."""

from torch import Tensor

from toysuper.claims.base import Claim, absent, within
from toysuper.experiments.correlated.claims import of_sets
from toysuper.experiments.octahedron.measurement import octahedral, stages
from toysuper.metrics import dimensionality, norm
from toysuper.metrics.dynamics import course, jumps
from toysuper.metrics.features import REPRESENTED
from toysuper.metrics.sets import cosines
from toysuper.snapshot import Snapshot


def energy_levels(snapshot: Snapshot) -> list[Claim]:
    """ENERGY: dimensionalities jump as the loss falls, and end as digons."""
    found = course(snapshot)
    counts = [len(jumps(found, k)) for k in range(len(snapshot))]
    final = dimensionality(snapshot)[norm(snapshot) > REPRESENTED]
    span = f"{float(final.min()):.3f}-{float(final.max()):.3f}" if len(final) else "none"
    return [
        Claim(
            "ENERGY jumps",
            "a D_i changes by > 0.2 within 3% of training while the loss falls",
            ">= 1 jump in a model",
            f"{', '.join(map(str, counts))} jumps",
            max(counts) >= 1,
        ),
        Claim(
            "ENERGY levels",
            "D_i of represented features at the end",
            "0.47-0.53",
            span,
            len(final) > 0 and within(final, 0.47, 0.53),
        ),
    ]


def octahedron(snapshot: Snapshot) -> list[Claim]:
    """OCTA: two correlated sets of three features become an octahedron, stage by stage."""
    end = "seeds that end with 3 cross-set cos < -0.9 and |cos| < 0.1 within sets"
    order = "seeds whose sets separate, then open, then pair up"
    unknown = [absent("OCTA", end, ">= 80%"), absent("OCTA order", order, ">= 80%")]
    if not len(of_sets(snapshot, 6, 3, 3)):
        return unknown
    orthogonal = cosines(snapshot, within=True).abs().amax(-1) < 0.1
    found = _share("OCTA", end, octahedral(snapshot) & orthogonal)
    if not snapshot.history:
        return [found, unknown[1]]
    return [found, _share("OCTA order", order, stages(snapshot).in_order)]


def _share(name: str, statement: str, good: Tensor) -> Claim:
    measured = f"{int(good.sum())} of {len(good)}"
    return Claim(name, statement, ">= 80%", measured, float(good.double().mean()) >= 0.8)
