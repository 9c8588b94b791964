import numpy as np
import pytest
import torch

from tests._figures import assert_draws
from tests._run import data, snapshot_of
from tests._snapshots import replace, snapshot, verdicts, with_weights
from toysuper.errors import UserError
from toysuper.experiments.mcgrath_surface import claims, loss_surface, surface
from toysuper.snapshot import Snapshot


def test_loss_surfaces() -> None:
    half = 0.5**0.5
    W = torch.tensor([[[half, half]], [[1.02, -1.03]]])
    good = snapshot(W, torch.zeros(2, 2), [1.0, 0.3], "relu")
    good = replace(good, loss=torch.tensor([[1 / 24, 1 / 24], [0.015, 0.015]]))
    assert set(verdicts(claims(good)).values()) == {True}
    turned = with_weights(good, W.flip(0))
    assert set(verdicts(claims(turned)).values()) == {False}
    biased = replace(good, bias=torch.ones(2, 2))
    assert set(verdicts(claims(biased)).values()) == {None}


@pytest.fixture
def unbiased() -> Snapshot:
    world = data(n=2, grid={"density": [1.0, 0.3], "seed": [0, 1]})
    return snapshot_of(world, 5, hidden=1, bias=False)


def test_the_surface_is_lowest_where_theory_says() -> None:
    """Dense and equal: both answer their mean, 1/12."""
    axis, loss = surface(torch.ones(1, 2), torch.ones(1, 2))
    row, column = divmod(int(loss.argmin()), len(axis))
    assert float(axis[row] * axis[column]) == pytest.approx(0.5, abs=0.02)
    assert float(loss.min()) == pytest.approx(1 / 12, rel=0.01)
    _, skewed = surface(torch.ones(1, 2), torch.tensor([[1.0, 0.1]]))
    row, column = divmod(int(skewed.argmin()), len(axis))
    assert abs(axis[column]) > 3 * abs(axis[row])  # W_1 across, W_2 up


def test_the_surface_is_for_two_features_without_bias(unbiased: Snapshot) -> None:
    world = data(n=2, grid={"seed": [0, 1]})
    with pytest.raises(UserError, match="hidden of 1 and bias of false"):
        loss_surface(snapshot_of(world, 5, hidden=1))
    dots = loss_surface(unbiased).axes[0].lines[0].get_xydata()
    np.testing.assert_allclose(dots[:2], unbiased.pick([0, 1]).W[:, 0].numpy())


def test_it_draws_something(unbiased: Snapshot) -> None:
    assert_draws(loss_surface(unbiased))
