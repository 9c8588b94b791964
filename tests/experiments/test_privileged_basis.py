"""Codes of matrices that can be read by eye; claims hold on the paper's solutions only."""

import pytest
import torch
from torch import Tensor

from tests._snapshots import (
    assert_fails_without_weights,
    joined,
    powers,
    replace,
    snapshot,
    verdicts,
)
from tests.metrics._models import tied
from toysuper.experiments.privileged_basis import claims, codes, model_codes
from toysuper.snapshot import Snapshot

MONO = torch.eye(5, 10)


CODE = MONO.clone()
CODE[3:] = 0
CODE[3:, 3:6] = torch.tensor([[0.9, -0.8, 0.8], [0.9, 0.9, -0.7]])


MIXED = torch.linalg.qr(torch.arange(1.0, 26).view(5, 5).sin()).Q @ MONO


def model(W: Tensor, density: float, hidden: str = "relu") -> Snapshot:
    made = snapshot(
        W[None], torch.zeros(1, 10), [density], "relu", importance=powers(0.75, 10)[None]
    )
    coordinates = ({"density": density, "hidden_activation": hidden},)
    return replace(made, hidden_activation=(hidden,), coordinates=coordinates)


def test_privileged_bases() -> None:
    good = joined(model(MONO, 0.7), model(CODE, 0.3), model(MIXED, 0.7, "identity"))
    found = verdicts(claims(good))
    assert found.pop("PRIV p=0.7") and found.pop("PRIV p=0.3") and found.pop("PRIV code")
    assert found.pop("PRIV-W") and found.pop("PRIV-W entropy")
    assert set(found.values()) == {None} and len(found) == 4  # densities that are not here


def test_privileged_bases_fail_on_controls() -> None:
    control = joined(model(MIXED, 0.7), model(MONO, 0.3), model(MONO, 0.7, "identity"))
    found = verdicts(claims(control))
    for name in ("PRIV p=0.7", "PRIV p=0.3", "PRIV code", "PRIV-W", "PRIV-W entropy"):
        assert found[name] is False, name


def test_the_code_needs_its_signs() -> None:
    assert verdicts(claims(model(CODE.abs(), 0.3)))["PRIV code"] is False


def test_codes_of_a_matrix() -> None:
    alone, shared = model_codes(tied())
    assert (alone.neurons, alone.features, alone.signs) == ((0,), (1,), ((1,),))
    assert (shared.neurons, shared.features) == ((1, 2), (0, 2, 3))
    assert shared.signs == ((1, 1), (-1, 1), (1, -1)) and shared.is_three_in_two
    assert str(shared) == "3 features in 2 neurons" and not alone.is_three_in_two


def test_code_table() -> None:
    rows = codes(tied())
    assert [row["code"] for row in rows] == ["1 feature in 1 neuron", "3 features in 2 neurons"]
    assert rows[1]["signs"] == "++ -+ +-" and rows[1]["features"] == "0 2 3"


def test_a_model_of_zeros_has_no_codes() -> None:
    assert model_codes(tied(torch.zeros(4, 4))) == []


@pytest.mark.parametrize("fill", [0.0, torch.nan, 1e-3])
def test_no_claim_holds_for_models_that_do_nothing(fill: float) -> None:
    good = joined(model(MONO, 0.7), model(CODE, 0.3), model(MIXED, 0.06))
    assert_fails_without_weights(claims, good, fill)
