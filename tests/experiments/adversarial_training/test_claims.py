"""Claims about attacks hold where superposition rises and fail where it does not."""

from dataclasses import replace

import torch

from tests.experiments.test_claims import snapshot, verdicts
from toysuper import claims
from toysuper.snapshot import Snapshot

ALONE = torch.tensor([[1.0, 0, 0, 0], [0, 0, 1, 0]]).double()
DIGONS = torch.tensor([[1.0, -1, 0, 0], [0, 0, 1, -1]]).double()
LONG = torch.tensor([[2.0, 0, 0, 0], [0, 0, 0, 0]]).double()


def two(dense: torch.Tensor, sparse: torch.Tensor) -> Snapshot:
    return snapshot(torch.stack([dense, sparse]), torch.zeros(2, 4), [1.0, 0.25], "relu")


def test_vulnerability_rises_with_features_per_dimension() -> None:
    assert verdicts(claims.adversarial(two(ALONE, 1.4 * DIGONS))) == {
        "ADV rise": True,
        "ADV follows": True,
    }
    assert verdicts(claims.adversarial(two(ALONE, 0.3 * DIGONS)))["ADV rise"] is False
    assert verdicts(claims.adversarial(two(1.1 * DIGONS, LONG)))["ADV follows"] is False
    assert verdicts(claims.adversarial(two(ALONE, DIGONS).pick([0]))) == {"ADV rise": None}


def trained(*models: torch.Tensor) -> Snapshot:
    made = snapshot(torch.stack(models), torch.zeros(3, 4), [0.2] * 3, "relu")
    return replace(made, coordinates=tuple({"budget": b} for b in (0.0, 0.4, 0.8)))


def test_adversarial_training_takes_superposition_away() -> None:
    def told(*models: torch.Tensor) -> dict[str, bool | None]:
        return verdicts(claims.adversarial_training(trained(*models)))

    assert told(DIGONS, DIGONS, ALONE) == {"ADVTRAIN": True, "ADVTRAIN count": True}
    shorter = told(DIGONS, 0.8 * DIGONS, 0.6 * DIGONS)
    assert shorter == {"ADVTRAIN": True, "ADVTRAIN count": False}
    shuffled = trained(DIGONS, DIGONS, ALONE).pick([2, 0, 1])
    assert set(verdicts(claims.adversarial_training(shuffled)).values()) == {True}
    assert told(ALONE, DIGONS, ALONE) == {"ADVTRAIN": False, "ADVTRAIN count": False}
    assert told(DIGONS, DIGONS, DIGONS)["ADVTRAIN count"] is False
    other = verdicts(claims.adversarial_training(two(ALONE, DIGONS)))
    assert other == {"ADVTRAIN": None, "ADVTRAIN count": None}
