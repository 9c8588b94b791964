import pytest
import torch

from toysuper.experiments.pentagon_to_digons.theory import branches, columns
from toysuper.functional.exact import exact_loss
from toysuper.functional.polytopes import polygon


def test_columns_share_out_every_set() -> None:
    found = columns()
    sets = {tuple(row) for row in found.active.T.tolist()}
    assert len(sets) == 32
    assert float(found.weight.sum()) == pytest.approx(32)  # in the precision of the first call


def test_the_pentagon_ends_where_feature_0_is_rare_and_the_digons_where_it_is_common() -> None:
    found = branches(0.05, num=9)
    assert found.pentagon[0].isnan() and found.pentagon[found.ratio >= 1].isfinite().all()
    assert found.digons[0].isfinite() and found.digons[found.ratio >= 1].isnan().all()


def test_both_branches_cost_less_than_their_plain_polytopes() -> None:
    """Unit vectors without bias are no optimum, but near one."""
    found = branches(0.05, num=9)
    k = int((found.ratio - 0.5).abs().argmin())
    p = torch.full((1, 5), 0.05)
    p[:, 0] *= found.ratio[k]
    square = torch.zeros(1, 2, 5)
    square[0, :, 1:] = polygon(4)
    mean = torch.zeros(1, 5)
    mean[0, 0] = p[0, 0] / 2
    for loss, W, bias in (
        (found.pentagon[k], polygon(5)[None], torch.zeros(1, 5)),
        (found.digons[k], square, mean),
    ):
        plain = float(exact_loss(W, bias, p, torch.ones(1, 5), nodes=4)) * 3 / float(p.sum())
        assert 0.3 * plain < float(loss) < plain


@pytest.mark.parametrize(("density", "crossing"), [(0.05, 0.268), (0.1, 0.425)])
def test_the_branches_cross_where_a_search_of_its_own_found_it(density, crossing) -> None:
    assert branches(density, 0.2, 0.6, 9).crossing() == pytest.approx(crossing, abs=0.01)


def test_denser_features_switch_earlier() -> None:
    sparser, denser = (branches(density, 0.2, 0.6, 9) for density in (0.05, 0.1))
    assert denser.crossing() > sparser.crossing() + 0.1
