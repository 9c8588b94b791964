"""The claims hold on exact solutions and fail on controls."""

from tests._snapshots import at_angles, joined, verdicts
from toysuper.experiments.correlated.claims import collapse, hexagon, orthogonal_pairs
from toysuper.snapshot import Snapshot

ORTHOGONAL, ANTIPODAL = [0.0, 90, 180, 270], [0.0, 180, 90, 270]


def test_correlated_pairs_are_orthogonal() -> None:
    assert verdicts(orthogonal_pairs(at_angles(ORTHOGONAL, 2, 0.1))) == {"CORR2": True}
    assert verdicts(orthogonal_pairs(at_angles(ANTIPODAL, 2, 0.1))) == {"CORR2": False}
    assert verdicts(orthogonal_pairs(at_angles(ORTHOGONAL, 2, 0.2))) == {"CORR2": None}
    zero = at_angles(ORTHOGONAL, 2, 0.1, length=0.0)
    assert verdicts(orthogonal_pairs(zero)) == {"CORR2": False}


def test_three_correlated_pairs_form_a_hexagon() -> None:
    assert verdicts(hexagon(at_angles([0.0, 63, 120, 183, 240, 303], 2, 0.05))) == {"CORR3": True}
    assert verdicts(hexagon(at_angles([0.0, 120, 60, 180, 240, 300], 2, 0.05))) == {"CORR3": False}
    two_lines = at_angles([0.0, 63, 0, 63, 0, 63], 2, 0.05)
    assert verdicts(hexagon(two_lines)) == {"CORR3": False}
    short = at_angles([0.0, 63, 120, 183, 240, 303], 2, 0.05, length=0.8)
    assert verdicts(hexagon(short)) == {"CORR3": False}


def collapsing(counts: list[int]) -> Snapshot:
    sixths = [0.0, 60, 120, 180, 240, 300]
    parts = []
    for p, count in zip((0.05, 0.1, 0.18, 0.45), counts, strict=True):
        degrees = [a - 55 if k % 2 and k // 2 < count else a for k, a in enumerate(sixths)]
        parts.append(at_angles(degrees, 2, p))
    return joined(*parts)


def test_pairs_collapse_one_by_one() -> None:
    assert verdicts(collapse(collapsing([0, 1, 2, 3]))) == {"COLLAPSE": True}
    for wrong in ([0, 2, 1, 3], [1, 1, 2, 3], [0, 0, 0, 0], [0, 1, 2, 2]):
        assert verdicts(collapse(collapsing(wrong))) == {"COLLAPSE": False}
    partly = collapsing([0, 1, 2, 3]).pick([0, 1, 3])
    assert verdicts(collapse(partly)) == {"COLLAPSE": None}
    assert verdicts(collapse(at_angles(ORTHOGONAL, 2, 0.05))) == {"COLLAPSE": None}
