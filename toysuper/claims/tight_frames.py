"""The sum of feature dimensionalities, which tight frames bring to its largest value."""

from toysuper.claims.base import Claim, format_range, within
from toysuper.metrics import total_dimensionality
from toysuper.snapshot import Snapshot


def sum_rule(snapshot: Snapshot) -> list[Claim]:
    r"""SUMD: feature dimensionalities add up to the number of hidden dimensions, or to less.

    :math:`\sum_i D_i \le m` for any W; equality if features of equal importance form tight frames.

    Source: `The Geometry of Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#geometry>`_.
    """
    total = total_dimensionality(snapshot)
    bound = ("SUMD bound", "sum of D_i / m, any W", "<= 1.001")
    claims = [Claim(*bound, format_range(total), within(total, 1e-6, 1.001))]
    equal = (snapshot.importance == snapshot.importance[:, :1]).all(-1)
    if equal.any():
        tight = ("SUMD tight", "sum of D_i / m, equal features", "0.98-1.001")
        total = total[equal]
        claims.append(Claim(*tight, format_range(total), within(total, 0.98, 1.001)))
    return claims
