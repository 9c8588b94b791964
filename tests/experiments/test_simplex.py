import torch

from tests._snapshots import TETRAHEDRON, five_in_two, snapshot, verdicts, with_weights
from toysuper.experiments.simplex import claims


def test_simplex() -> None:
    shared = torch.tensor([[1.0, -1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    W = torch.stack([TETRAHEDRON, shared])
    good = snapshot(W, torch.zeros(2, 4), [0.6, 0.3], "relu")
    assert set(verdicts(claims(good)).values()) == {True}
    turned = with_weights(good, W.flip(0))
    assert set(verdicts(claims(turned)).values()) == {False}
    assert set(verdicts(claims(five_in_two())).values()) == {None}
