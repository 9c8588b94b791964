import pytest
import torch

from toysuper.functional.geometry import dimensionality
from toysuper.functional.polytope_gain import GEOMETRIES, best_geometry, gain, polytope_loss
from toysuper.functional.polytopes import icosahedron

BEST = {
    1.4: (1.018, 1.036, 1.033, 1.014, 1.009, 1.006),
    3.0: (1.569, 1.261, 1.169, 1.443, 1.428, 1.219),
    12.0: (1.911, 1.450, 1.299, 2.112, 2.177, 2.230),
}
"""By 1/(1-S): an independent calculation of all but the single feature, by sampling."""


@pytest.mark.parametrize("sparsity", BEST)
def test_gains_agree_with_an_independent_calculation(sparsity: float) -> None:
    found = [gain(name, 1 / sparsity) for name in GEOMETRIES]
    assert found[0] == pytest.approx(1, abs=0.002)
    assert found[1:] == pytest.approx(BEST[sparsity], rel=0.025)


def test_features_in_an_icosahedron_share_a_quarter_of_a_dimension() -> None:
    shares = dimensionality(icosahedron()[None])
    torch.testing.assert_close(shares, torch.full((1, 12), 0.25))


def test_digons_without_bias_beat_single_features_below_four_sevenths() -> None:
    """Exactly at p = 4/7 for unit length and no bias; their best length wins a little earlier."""
    one, zero = torch.tensor(1.0), torch.tensor(0.0)
    for density, wins in ((0.6, False), (0.54, True)):
        saved = 2 * (density / 3 - density**2 / 4)
        own = density / 3 - density**2 / 4
        assert (saved - float(polytope_loss("digon", density, one, zero)) > own) == wins


def test_sparser_features_pack_denser() -> None:
    order = list(GEOMETRIES)
    places = [order.index(best_geometry(1 / x)) for x in (1.3, 2.2, 8.0, 12.0)]
    assert places == [2, 1, 5, 6]
