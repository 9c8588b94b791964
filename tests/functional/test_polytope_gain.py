import pytest
import torch

from toysuper.experiments.loss_decomposition.theory import decompose
from toysuper.functional.geometry import dimensionality
from toysuper.functional.polytope_gain import GEOMETRIES, best_geometry, gain, polytope_loss
from toysuper.functional.polytopes import icosahedron

EXPECTED_GAINS = {
    1.4: (1.018, 1.036, 1.033, 1.014, 1.009, 1.006),
    3.0: (1.569, 1.261, 1.169, 1.443, 1.428, 1.219),
    12.0: (1.911, 1.450, 1.299, 2.112, 2.177, 2.230),
}
"""Gains of all but the single feature by 1/(1-S), from an independent calculation by sampling."""


@pytest.mark.parametrize("sparsity", EXPECTED_GAINS)
def test_gains_agree_with_an_independent_calculation(sparsity: float) -> None:
    gains = [gain(name, 1 / sparsity) for name in GEOMETRIES]
    assert gains[0] == pytest.approx(1, abs=0.002)
    assert gains[1:] == pytest.approx(EXPECTED_GAINS[sparsity], rel=0.025)


def test_each_feature_of_an_icosahedron_has_a_quarter_of_a_dimension() -> None:
    D = dimensionality(icosahedron()[None])
    torch.testing.assert_close(D, torch.full((1, 12), 0.25))


def test_the_loss_agrees_with_the_loss_decomposition() -> None:
    _, unit = GEOMETRIES["pentagon"]
    W, bias = 1.1 * unit[None], torch.full((1, 5), -0.1)
    expected = decompose(W, bias, torch.ones(1, 5), torch.tensor([0.3]), samples=1 << 16).total
    loss = polytope_loss("pentagon", 0.3, torch.tensor(1.1), torch.tensor(-0.1))
    assert float(loss) == pytest.approx(float(expected), rel=0.005)


def test_digons_without_bias_beat_single_features_below_four_sevenths() -> None:
    """The boundary is p = 4/7; the best length and bias would move it to a higher density."""
    one, zero = torch.tensor(1.0), torch.tensor(0.0)
    for density, wins in ((0.6, False), (0.54, True)):
        variance = density / 3 - density**2 / 4
        removed = 2 * variance - float(polytope_loss("digon", density, one, zero))
        assert (removed > variance) == wins


def test_sparser_features_form_polytopes_of_more_vertices() -> None:
    order = list(GEOMETRIES)
    indices = [order.index(best_geometry(1 / x)) for x in (1.3, 2.2, 8.0, 12.0)]
    assert indices == [2, 1, 5, 6]
