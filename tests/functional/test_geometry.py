import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch import block_diag as block

from toysuper.functional import geometry
from toysuper.functional.polytopes import antiprism, polygon, simplex

DIGON = torch.tensor([[1.0, -1.0]])
POLYTOPES = {
    "single": (lambda: torch.eye(3), [1.0] * 3),
    "digon": (lambda: DIGON.double(), [1 / 2] * 2),
    "triangle": (lambda: polygon(3), [2 / 3] * 3),
    "tetrahedron": (lambda: simplex(4), [3 / 4] * 4),
    "pentagon": (lambda: polygon(5), [2 / 5] * 5),
    "square antiprism": (antiprism, [3 / 8] * 8),
    "triangular bipyramid": (lambda: block(polygon(3), DIGON.double()), [2 / 3] * 3 + [1 / 2] * 2),
    "dead feature": (lambda: block(polygon(3), torch.zeros(1, 1)), [2 / 3] * 3 + [0]),
}


@pytest.mark.parametrize("name", POLYTOPES)
def test_dimensionality_of_polytopes_in_any_position_and_size(name: str) -> None:
    make, expected = POLYTOPES[name]
    W = make()
    generator = torch.Generator().manual_seed(0)
    O = torch.linalg.qr(torch.randn(len(W), len(W), generator=generator)).Q
    D = geometry.dimensionality(torch.stack([W, 3.7 * O @ W]))
    torch.testing.assert_close(D, torch.tensor([expected] * 2), atol=1e-9, rtol=0)


def test_dimensionality_equals_the_papers_formula() -> None:
    W = torch.randn(1, 3, 7, generator=torch.Generator().manual_seed(1))
    unit = W / W.norm(dim=1, keepdim=True)
    for i in range(7):
        below = sum((unit[0, :, i] @ W[0, :, j]) ** 2 for j in range(7))
        slow = W[0, :, i].square().sum() / below
        torch.testing.assert_close(geometry.dimensionality(W)[0, i], slow)


@pytest.mark.parametrize("seed", range(5))
def test_sum_rule(seed: int) -> None:
    """D_i <= leverage, so the sum is at most the rank; a tight frame reaches it."""
    W = torch.randn(64, 4, 9, generator=torch.Generator().manual_seed(seed))
    W[32:, 3] = W[32:, 2]  # rank 3
    D, leverage = geometry.dimensionality(W), geometry.leverage(W)
    assert (leverage + 1e-9 >= D).all()
    rank = torch.tensor([4.0] * 32 + [3.0] * 32)
    torch.testing.assert_close(leverage.sum(-1), rank)
    assert (D.sum(-1) < rank).all()


def test_superposition_sums_over_all_other_features() -> None:
    W = torch.tensor([[[2.0, 0.0, 1.0], [0.0, 3.0, 1.0]]])
    torch.testing.assert_close(geometry.superposition(W), torch.tensor([[1.0, 1.0, 6.5]]))
    density = torch.tensor([[0.5, 1.0, 0.1]])
    expected = torch.tensor([[0.1, 0.1, 0.5 * 2 + 1.0 * 4.5]])
    torch.testing.assert_close(geometry.net_interference(W, density), expected)


def test_dimensions_per_feature_of_digons() -> None:
    W = torch.cat([torch.eye(3), -torch.eye(3)], 1)[None]
    torch.testing.assert_close(geometry.dimensions_per_feature(W), torch.tensor([0.5]))


def test_gradients_are_finite_even_for_dead_features() -> None:
    W = torch.tensor([[[1.0, 0.0], [0.5, 0.0]]], requires_grad=True)
    (geometry.dimensionality(W).sum() + geometry.superposition(W).sum()).backward()
    assert W.grad.isfinite().all()


@st.composite
def ensembles(draw: st.DrawFn) -> Tensor:
    """Weights ``(inst, hidden, feat)`` of which some features are dead."""
    shape = [draw(st.integers(1, largest)) for largest in (3, 4, 6)]
    W = torch.randn(*shape, generator=torch.Generator().manual_seed(draw(st.integers(0, 2**31))))
    dead = torch.tensor(draw(st.lists(st.booleans(), min_size=shape[2], max_size=shape[2])))
    return torch.where(dead, 0, W)


@given(ensembles(), st.integers(0, 2**31))
def test_rotations_change_nothing(W: Tensor, seed: int) -> None:
    square = torch.randn(W.shape[1], W.shape[1], generator=torch.Generator().manual_seed(seed))
    rotated = torch.linalg.qr(square).Q @ W
    for measure in (geometry.norms, geometry.superposition, geometry.dimensionality):
        torch.testing.assert_close(measure(rotated), measure(W), rtol=1e-9, atol=1e-9)


@given(ensembles(), st.randoms())
def test_the_order_of_features_changes_nothing(W: Tensor, random) -> None:
    order = list(range(W.shape[2]))
    random.shuffle(order)
    for measure in (geometry.norms, geometry.superposition, geometry.dimensionality):
        torch.testing.assert_close(measure(W[..., order]), measure(W)[:, order])


@given(ensembles())
def test_dimensionalities_are_in_0_1_and_sum_to_at_most_the_rank(W: Tensor) -> None:
    """The features share the dimensions that W spans."""
    D = geometry.dimensionality(W)
    assert bool(((D >= 0) & (D <= 1 + 1e-9)).all())
    assert bool((D.sum(-1) <= torch.linalg.matrix_rank(W) + 1e-6).all())
    assert bool((D[geometry.norms(W) == 0] == 0).all())


@given(ensembles(), st.floats(1e-3, 1e3))
def test_scaling_w_does_not_change_the_dimensionality(W: Tensor, scale: float) -> None:
    torch.testing.assert_close(geometry.dimensionality(scale * W), geometry.dimensionality(W))
