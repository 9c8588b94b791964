import pytest
import torch
from torch import Tensor

from tests._snapshots import assert_fails_without_weights, replace, snapshot, verdicts
from toysuper.experiments.abs_small import claims
from toysuper.snapshot import Snapshot

PAIRS = torch.cat([torch.eye(3), -torch.eye(3)])


def absolute(inward: Tensor, outward: Tensor, loss: float = 1e-6) -> Snapshot:
    made = snapshot(inward[None], torch.zeros(1, 3), [1.0], "relu", task=("abs",))
    return replace(made, decoder=outward[None], loss=torch.full((1, 3), loss))


def test_absolute_values() -> None:
    good = absolute(2 * PAIRS, 0.5 * PAIRS.abs())
    assert set(verdicts(claims(good)).values()) == {True}
    costly = absolute(PAIRS, PAIRS.abs(), loss=1e-3)
    assert verdicts(claims(costly))["ABS3 loss"] is False
    weak = absolute(PAIRS, 0.9 * PAIRS.abs())
    assert verdicts(claims(weak))["ABS3 products"] is False
    one_sided = absolute(PAIRS.abs(), PAIRS.abs())
    assert verdicts(claims(one_sided))["ABS3 neurons"] is False
    other = replace(good, task=("square",))
    assert set(verdicts(claims(other)).values()) == {None}


@pytest.mark.parametrize("fill", [0.0, torch.nan, 1e-3])
def test_no_claim_holds_for_models_that_do_nothing(fill: float) -> None:
    assert_fails_without_weights(claims, absolute(PAIRS, PAIRS.abs()), fill)
