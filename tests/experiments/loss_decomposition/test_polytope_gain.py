"""The loss of a polytope is the sum of the parts of the decomposition."""

import pytest
import torch

from toysuper.experiments.loss_decomposition.theory import decompose
from toysuper.functional.polytope_gain import GEOMETRIES, polytope_loss


def test_the_loss_is_the_decompositions() -> None:
    _, unit = GEOMETRIES["pentagon"]
    W, bias = 1.1 * unit[None], torch.full((1, 5), -0.1)
    slow = decompose(W, bias, torch.ones(1, 5), torch.tensor([0.3]), samples=1 << 16).total
    fast = polytope_loss("pentagon", 0.3, torch.tensor(1.1), torch.tensor(-0.1))
    assert float(fast) == pytest.approx(float(slow), rel=0.005)
