import pytest
import torch
from torch import Tensor

from toysuper.functional.polytopes import (
    adjacency,
    antiprism,
    labels,
    polygon,
    polytopes,
    simplex,
)

f64 = torch.float64
SHAPES = {
    "digon": torch.tensor([[1.0, -1.0]], dtype=f64),
    "triangle": polygon(3),
    "tetrahedron": simplex(4),
    "pentagon": polygon(5),
    "7-gon": polygon(7),
    "6-simplex": simplex(6),
    "square antiprism": antiprism(),
}


def placed(*parts: Tensor, dead: int = 0, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Parts in dimensions of their own, rotated, their features and some dead ones shuffled."""
    generator = torch.Generator().manual_seed(seed)
    W = torch.block_diag(*parts, torch.zeros(1, dead, dtype=f64))
    O = torch.linalg.qr(torch.randn(len(W), len(W), dtype=f64, generator=generator)).Q
    order = torch.randperm(W.shape[1], generator=generator)
    return O @ W[:, order], order


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("scale", [0.7, 1.3])
def test_a_polytope_is_known_in_any_position_and_size(name: str, scale: float) -> None:
    W, _ = placed(scale * SHAPES[name], dead=3)
    (found,) = polytopes(W)
    assert found.name == name and found.residual < 1e-6
    assert len(found.features) == SHAPES[name].shape[1]


def test_tegum_products_fall_into_their_factors() -> None:
    parts = ("triangle", "digon", "digon", "pentagon", "square antiprism")
    W, order = placed(*(SHAPES[name] for name in parts), torch.ones(1, 1, dtype=f64), dead=4)
    found = polytopes(W)
    assert sorted(p.name for p in found) == sorted((*parts, "single"))
    starts = torch.cat([torch.full((SHAPES[n].shape[1],), k) for k, n in enumerate(parts)])
    for part in found:
        members = order[part.features]
        owners = {int(starts[i]) for i in members if i < len(starts)}
        assert len(owners) <= 1


def test_what_is_no_polytope_is_unknown() -> None:
    wrong = torch.tensor([[1.0, 0.5, 0.0], [0.0, 0.8, 1.0]], dtype=f64)
    (found,) = polytopes(wrong)
    assert found.name == "unknown" and found.residual > 0.2
    doubled = torch.cat([SHAPES["digon"], SHAPES["digon"][:, :1]], 1)  # a feature twice
    (found,) = polytopes(doubled)
    assert found.name == "unknown"
    noise = 0.02 * torch.randn(2, 5, dtype=f64, generator=torch.Generator().manual_seed(1))
    (found,) = polytopes(SHAPES["pentagon"] + noise)
    assert found.name == "pentagon" and 0 < found.residual < 0.05


def test_labels_agree_with_the_slow_obvious_search() -> None:
    generator = torch.Generator().manual_seed(3)
    adjacent = torch.rand(20, 12, 12, generator=generator) < 0.08
    adjacent = adjacent | adjacent.mT
    for graph, label in zip(adjacent, labels(adjacent), strict=True):
        for start in range(12):
            seen, edge = {start}, [start]
            while edge:
                beside = graph[edge.pop()].nonzero()[:, 0].tolist()
                edge += [j for j in beside if j not in seen]
                seen.update(beside)
            assert int(label[start]) == min(seen)


def test_short_or_orthogonal_features_are_not_joined() -> None:
    W = torch.tensor([[[1.0, -1.0, 0.05, -0.4], [0.0, 0.0, 1.0, 0.0]]])
    assert adjacency(W)[0].nonzero().tolist() == [[0, 1], [1, 0]]
