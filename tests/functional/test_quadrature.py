import math

import pytest
import torch

from toysuper.functional.quadrature import (
    feature_sets,
    gauss,
    probability,
    quadrature_columns,
    stratified_columns,
)


@pytest.mark.parametrize("nodes", [1, 2, 7, 15])
def test_gauss_is_exact_up_to_degree_2q_minus_1_and_not_beyond(nodes: int) -> None:
    x, w = (torch.tensor(v) for v in gauss(nodes))
    for degree in range(2 * nodes):
        assert float((w * x**degree).sum()) == pytest.approx(1 / (degree + 1), abs=1e-13)
    beyond = float((w * x ** (2 * nodes)).sum())
    # the rule's error term, q!^4 / ((2q+1) (2q)!^2)
    error = math.factorial(nodes) ** 4 / ((2 * nodes + 1) * math.factorial(2 * nodes) ** 2)
    assert 1 / (2 * nodes + 1) - beyond == pytest.approx(error, rel=1e-2, abs=1e-15)


def test_the_signed_rule_integrates_the_absolute_value_exactly() -> None:
    x, w = (torch.tensor(v) for v in gauss(3, signed=True))
    assert float((w * x).sum()) == pytest.approx(0, abs=1e-15)
    assert float((w * x.abs() ** 5).sum()) == pytest.approx(1 / 6)


def test_the_weights_of_all_columns_sum_to_one() -> None:
    density = torch.tensor([[0.1, 0.9, 0.5, 1.0], [0.3, 0.3, 0.3, 0.3]])
    exact, random = quadrature_columns(4, 2, nodes=3), stratified_columns(4, 3, samples=11)
    total = sum((c.weight * probability(c.active, density)).sum(-1) for c in (exact, random))
    torch.testing.assert_close(total, torch.ones(2))
    assert torch.equal(exact.values != 0, exact.active)


def test_every_larger_set_gets_its_columns() -> None:
    columns = stratified_columns(5, 3, samples=40)
    members = {tuple(column.nonzero()[:, 0].tolist()) for column in columns.active.mT}
    assert members == set(feature_sets(5, 3, 5)) and len(members) == 16


def test_without_larger_sets_there_are_no_random_columns() -> None:
    assert stratified_columns(3, 4, samples=10).values.shape == (3, 0)
