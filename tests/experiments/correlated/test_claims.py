"""Claims about correlated features hold on exact solutions and fail on controls."""

from dataclasses import replace

import torch
from torch import Tensor

from tests.experiments.test_claims import in_the_plane, snapshot, verdicts
from toysuper import claims
from toysuper.snapshot import Snapshot


def record(degrees: list[float], size: int, density: float, length: float = 1.0) -> Snapshot:
    W, sets = in_the_plane(degrees, size, length)
    made = snapshot(W, torch.zeros(1, len(degrees)), [density], "relu")
    return replace(made, sets=sets)


def joined(*records: Snapshot) -> Snapshot:
    """One Snapshot of several."""
    first = records[0]
    tensors = {
        k: torch.cat([vars(r)[k] for r in records]) for k in vars(first) if is_tensor(first, k)
    }
    names = ("activation", "hidden_activation", "task", "coordinates")
    tuples = {k: sum((getattr(r, k) for r in records), ()) for k in names}
    return replace(first, **tensors, **tuples)


def is_tensor(made: Snapshot, name: str) -> bool:
    return isinstance(getattr(made, name), Tensor)


ORTHOGONAL, ANTIPODAL = [0.0, 90, 180, 270], [0.0, 180, 90, 270]


def test_correlated_pairs_are_orthogonal() -> None:
    assert verdicts(claims.correlated_pairs(record(ORTHOGONAL, 2, 0.1))) == {"CORR2": True}
    assert verdicts(claims.correlated_pairs(record(ANTIPODAL, 2, 0.1))) == {"CORR2": False}
    assert verdicts(claims.correlated_pairs(record(ORTHOGONAL, 2, 0.2))) == {"CORR2": None}
    zero = record(ORTHOGONAL, 2, 0.1, length=0.0)
    assert verdicts(claims.correlated_pairs(zero)) == {"CORR2": False}


def test_anticorrelated_pairs_are_antipodal() -> None:
    good = record(ANTIPODAL, 2, 0.1)
    assert verdicts(claims.anticorrelated_pairs(good)) == {"ANTI2": True}
    costly = replace(good, loss=torch.full((1, 4), 0.001))
    assert verdicts(claims.anticorrelated_pairs(costly)) == {"ANTI2": False}
    assert verdicts(claims.anticorrelated_pairs(record(ORTHOGONAL, 2, 0.1))) == {"ANTI2": False}


def test_the_loss_decides_which_solution_speaks() -> None:
    worse = replace(record(ORTHOGONAL, 2, 0.1), loss=torch.full((1, 4), 0.0017))
    both = joined(worse, record(ANTIPODAL, 2, 0.1))
    both = replace(both, coordinates=tuple({"density": 0.1, "seed": k} for k in range(2)))
    (claim,) = claims.anticorrelated_pairs(both)
    assert claim.holds and "1 of 2 seeds" in claim.measured


def test_three_correlated_pairs_form_a_hexagon() -> None:
    assert verdicts(claims.hexagon(record([0.0, 63, 120, 183, 240, 303], 2, 0.05))) == {
        "CORR3": True
    }
    assert verdicts(claims.hexagon(record([0.0, 120, 60, 180, 240, 300], 2, 0.05))) == {
        "CORR3": False
    }
    two_lines = record([0.0, 63, 0, 63, 0, 63], 2, 0.05)
    assert verdicts(claims.hexagon(two_lines)) == {"CORR3": False}
    short = record([0.0, 63, 120, 183, 240, 303], 2, 0.05, length=0.8)
    assert verdicts(claims.hexagon(short)) == {"CORR3": False}


def collapsing(counts: list[int]) -> Snapshot:
    hexagon = [0.0, 60, 120, 180, 240, 300]
    parts = []
    for p, count in zip((0.05, 0.1, 0.18, 0.45), counts, strict=True):
        degrees = [a - 55 if k % 2 and k // 2 < count else a for k, a in enumerate(hexagon)]
        parts.append(record(degrees, 2, p))
    return joined(*parts)


def test_pairs_collapse_one_by_one() -> None:
    assert verdicts(claims.collapse(collapsing([0, 1, 2, 3]))) == {"COLLAPSE": True}
    for wrong in ([0, 2, 1, 3], [1, 1, 2, 3], [0, 0, 0, 0], [0, 1, 2, 2]):
        assert verdicts(claims.collapse(collapsing(wrong))) == {"COLLAPSE": False}
    partly = collapsing([0, 1, 2, 3]).pick([0, 1, 3])
    assert verdicts(claims.collapse(partly)) == {"COLLAPSE": None}
    assert verdicts(claims.collapse(record(ORTHOGONAL, 2, 0.05))) == {"COLLAPSE": None}


def test_each_set_of_ten_is_its_own_basis() -> None:
    one = torch.eye(10)
    turned = torch.linalg.qr(torch.randn(10, 10, generator=torch.Generator().manual_seed(0))).Q
    W = torch.cat([one, turned], 1)[None]
    good = snapshot(W, torch.zeros(1, 20), [0.05], "relu")
    good = replace(good, sets=(torch.arange(20) // 10)[None])
    assert verdicts(claims.local_bases(good)) == {"LOCAL": True}
    mixed = good.features(torch.arange(20).view(2, 10).T.flatten())
    mixed = replace(mixed, sets=good.sets)
    assert verdicts(claims.local_bases(mixed)) == {"LOCAL": False}
