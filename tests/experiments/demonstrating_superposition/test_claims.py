"""The claims hold on solutions as the paper describes them and fail on controls."""

import torch

from tests._snapshots import five_in_two, powers, replace, snapshot, verdicts, with_weights
from toysuper.experiments.demonstrating_superposition.claims import linear_models, twenty_features
from toysuper.snapshot import Snapshot


def test_linear() -> None:
    W = torch.eye(4)[:2].expand(2, 2, 4)
    density = [1.0, 0.3]
    bias = torch.tensor([[0, 0, p / 2, p / 2] for p in density])
    good = snapshot(W, bias, density, "identity")
    assert verdicts(linear_models(good)) == {"LIN loss": True, "LIN norms": True, "LIN bias": True}
    zero = snapshot(0 * W, 0 * bias, density, "identity")
    assert set(verdicts(linear_models(zero)).values()) == {False}
    assert linear_models(replace(good, activation=("relu",) * 2))[0].holds is None


def demonstration(counts: list[int], bias: float = -0.1) -> Snapshot:
    """The first ``count`` features stored; the first alone, the others sharing four dimensions."""
    density = [1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001]
    W = torch.zeros(7, 5, 20)
    W[:, 0, 0] = 1
    for k in range(1, 20):
        W[:, 1 + k % 4, k] = 1
    for i, count in enumerate(counts):
        W[i, :, count:] = 0
    record = snapshot(W, torch.full((7, 20), bias), density, "relu")
    return replace(record, importance=powers(0.7, 20).expand(7, 20))


def test_demonstration() -> None:
    good = demonstration([5, 7, 9, 10, 11, 13, 14])
    assert set(verdicts(twenty_features(good)).values()) == {True}
    falling = verdicts(twenty_features(demonstration([5, 7, 9, 10, 11, 13, 12])))
    assert falling["DEMO-A counts"] and not falling["DEMO-A order"]
    wrong = verdicts(twenty_features(demonstration([5] * 7, bias=0.0)))
    assert not wrong["DEMO-A counts"] and not wrong["DEMO-A bias"]
    shared = with_weights(good, good.encoder.roll(1, 1) + good.encoder)
    assert not verdicts(twenty_features(shared))["DEMO-A first"]


def test_claims_are_silent_about_models_of_another_size() -> None:
    other = replace(five_in_two(), importance=torch.ones(3, 5))
    assert verdicts(twenty_features(other)) == {"DEMO-A": None}
