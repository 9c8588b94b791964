"""Claims about attacks hold where superposition rises and fail where it does not."""

from dataclasses import replace

import torch

from tests.claims.test_claims import snapshot, verdicts
from toysuper import claims
from toysuper.types import Snapshot

EYE = torch.eye(4)
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


def trained(*lengths: float) -> Snapshot:
    W = torch.stack([length * EYE for length in lengths])
    made = snapshot(W, torch.zeros(len(W), 4), [0.2] * len(W), "relu")
    places = tuple({"budget": 0.1 * k} for k in range(len(W)))
    return replace(made, coordinates=places)


def test_adversarial_training_never_adds_features_per_dimension() -> None:
    assert verdicts(claims.adversarial_training(trained(1.2, 1.0, 1.0))) == {"ADVTRAIN": True}
    assert verdicts(claims.adversarial_training(trained(1.0, 1.2, 0.5))) == {"ADVTRAIN": False}
    assert verdicts(claims.adversarial_training(two(EYE, EYE))) == {"ADVTRAIN": None}
