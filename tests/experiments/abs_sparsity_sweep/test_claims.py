import pytest
import torch

from tests._snapshots import assert_fails_without_weights, powers, replace, snapshot, verdicts
from toysuper.experiments.abs_sparsity_sweep.claims import claims
from toysuper.snapshot import Snapshot


def sweep(shared: dict[float, int]) -> Snapshot:
    """Models of 40 neurons; that many, of the least important, have a second feature."""
    rows = torch.arange(40)
    W = torch.eye(40, 100).repeat(len(shared), 1, 1)
    for k, count in enumerate(shared.values()):
        W[k, rows[40 - count :], rows[40 - count :] + 40] = 0.4
    made = snapshot(W, torch.zeros(len(W), 100), list(shared), "relu", task=("abs",) * len(W))
    return replace(made, importance=powers(0.8, 100).expand(len(W), 100))


GOOD = {1.0: 0, 0.3: 1, 0.1: 20, 0.03: 36, 0.01: 39, 0.003: 40, 0.001: 40}


def test_absolute_sweep() -> None:
    assert set(verdicts(claims(sweep(GOOD))).values()) == {True}
    for p, count in ((1.0, 5), (0.03, 20), (0.003, 39)):
        found = verdicts(claims(sweep({**GOOD, p: count})))
        assert found[f"ABS100 p={p:g}"] is False
    alike = sweep(GOOD)
    alike = replace(alike, encoder=alike.encoder.flip(-2, -1), decoder=alike.decoder.flip(-2, -1))
    assert verdicts(claims(alike))["ABS100 first"] is False
    loud = replace(alike, encoder=alike.encoder.sign(), decoder=alike.decoder.sign())
    assert verdicts(claims(loud))["ABS100 primary"] is False
    turned = dict(zip(GOOD, reversed(GOOD.values()), strict=True))
    assert verdicts(claims(sweep(turned)))["ABS100 order"] is False


@pytest.mark.parametrize("fill", [0.0, torch.nan, 1e-3])
def test_no_claim_holds_for_models_that_do_nothing(fill: float) -> None:
    assert_fails_without_weights(claims, sweep(GOOD), fill)
