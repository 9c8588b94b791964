import torch

from tests._snapshots import at_angles, joined, replace, verdicts
from toysuper.experiments.anticorrelated import claims

ORTHOGONAL, ANTIPODAL = [0.0, 90, 180, 270], [0.0, 180, 90, 270]


def test_anticorrelated_pairs_are_antipodal() -> None:
    good = at_angles(ANTIPODAL, 2, 0.1)
    assert verdicts(claims(good)) == {"ANTI2": True}
    costly = replace(good, loss=torch.full((1, 4), 0.001))
    assert verdicts(claims(costly)) == {"ANTI2": False}
    assert verdicts(claims(at_angles(ORTHOGONAL, 2, 0.1))) == {"ANTI2": False}


def test_the_loss_decides_which_solution_counts() -> None:
    worse = replace(at_angles(ORTHOGONAL, 2, 0.1), loss=torch.full((1, 4), 0.0017))
    both = joined(worse, at_angles(ANTIPODAL, 2, 0.1))
    both = replace(both, coordinates=tuple({"density": 0.1, "seed": k} for k in range(2)))
    (claim,) = claims(both)
    assert claim.holds and "1 of 2 seeds" in claim.measured
