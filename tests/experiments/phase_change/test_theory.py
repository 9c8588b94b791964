import pytest
import torch

from toysuper.experiments.phase_change.theory import (
    EXTRA,
    TRIPLE,
    antipodal_bias,
    antipodal_loss,
    boundary,
    confused_loss,
    prototype_losses,
)
from toysuper.functional.losses import expected_loss
from toysuper.functional.quadrature import probability, quadrature_columns

f64 = torch.float64
PROTOTYPES = {
    2: ([[1, 0]], [[0, 1]], [[1, -1]]),
    3: (
        [[1, 0, 0], [0, 1, 0]],
        [[0, 1, 0], [0, 0, 1]],
        [[1, 0, 0], [0, 1, -1]],
        [[1, -1, 0], [0, 0, 1]],
    ),
}


def measured(W: torch.Tensor, bias: torch.Tensor, p: float, r: float) -> float:
    """The slow obvious twin: quadrature over all active sets."""
    n = W.shape[1]
    columns = quadrature_columns(n, n, 40 if n == 2 else 20)
    density = torch.full((1, n), p, dtype=f64)
    weight = probability(columns.active, density) * columns.weight.double()
    x = columns.values[None].double()
    answer = torch.relu(W.mT @ (W @ x) + bias[:, None])
    importance = torch.ones(1, n, dtype=f64)
    importance[0, -1] = r
    return float(expected_loss(answer, x, importance, weight))


@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize(("p", "r"), [(0.1, 0.3), (0.6, 1.0), (1.0, 4.0)])
@pytest.mark.parametrize("biased", [True, False])
def test_prototypes_cost_what_quadrature_says(n: int, p: float, r: float, biased: bool) -> None:
    losses = prototype_losses(n, torch.tensor(p, dtype=f64), torch.tensor(r, dtype=f64), biased)
    for W, loss in zip(PROTOTYPES[n], losses, strict=True):
        matrix = torch.tensor(W, dtype=f64)
        lost = (matrix.norm(dim=0) == 0).double() if biased else torch.zeros(n, dtype=f64)
        assert measured(matrix, lost * p / 2, p, r) == pytest.approx(float(loss), rel=2e-3)


@pytest.mark.parametrize("n", [2, 3])
def test_the_extra_feature_looks_as_the_table_says(n: int) -> None:
    for W, (norm, superposition) in zip(PROTOTYPES[n], EXTRA, strict=False):
        matrix = torch.tensor(W, dtype=f64)
        assert matrix[:, -1].norm() == norm
        assert (matrix[:, -1] @ matrix[:, :-1]).square().sum() == superposition


def test_on_the_boundary_two_phases_cost_the_same() -> None:
    r = torch.logspace(-1, 1, 41, dtype=f64)
    ignored, dropped, shared = prototype_losses(2, boundary(r), r)
    assert (torch.minimum(ignored, dropped) - shared).abs().max() < 1e-15
    assert boundary(torch.ones((), dtype=f64)) == pytest.approx(TRIPLE, abs=1e-15)
    off = prototype_losses(2, 1.01 * boundary(r), r)
    assert (off[2] > off[:2].amin(0)).all()


def test_confusion_costs_what_quadrature_says() -> None:
    W = torch.full((1, 2), 0.5**0.5, dtype=f64)
    for p, r in ((0.2, 1.0), (1.0, 3.0)):
        loss = confused_loss(torch.tensor(p, dtype=f64), torch.tensor(r, dtype=f64))
        assert measured(W, torch.zeros(2, dtype=f64), p, r) == pytest.approx(float(loss), rel=1e-9)


def test_the_antipodal_bias_is_the_best_of_all() -> None:
    W = torch.tensor([[1.0, -1.0]], dtype=f64)
    p = torch.tensor([0.1, 0.5, 1.0], dtype=f64)
    best = antipodal_bias(p)
    torch.testing.assert_close(
        antipodal_loss(p, best),
        torch.tensor([0.001664, 0.0383, 0.0705], dtype=f64),
        atol=5e-5,
        rtol=0,
    )
    grid = torch.linspace(0, 1, 2001, dtype=f64)[:, None]
    assert (antipodal_loss(p, grid) >= antipodal_loss(p, best) - 1e-15).all()
    for density, bias in zip(p.tolist(), best.tolist(), strict=True):
        twin = measured(W, torch.full((2,), bias, dtype=f64), density, 1.0)
        assert twin == pytest.approx(
            2 * float(antipodal_loss(torch.tensor(density, dtype=f64), torch.tensor(bias))),
            rel=2e-3,
        )
