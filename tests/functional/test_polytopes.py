import pytest
import torch
from torch import Tensor

from toysuper.functional.polytopes import (
    adjacency,
    antiprism,
    connected_components,
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


def embed(*parts: Tensor, dead: int = 0, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Parts in separate dimensions, rotated; their features and some dead ones are shuffled."""
    generator = torch.Generator().manual_seed(seed)
    W = torch.block_diag(*parts, torch.zeros(1, dead, dtype=f64))
    O = torch.linalg.qr(torch.randn(len(W), len(W), dtype=f64, generator=generator)).Q
    order = torch.randperm(W.shape[1], generator=generator)
    return O @ W[:, order], order


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("scale", [0.7, 1.3])
def test_a_polytope_is_recognised_after_rotation_and_scaling(name: str, scale: float) -> None:
    W, _ = embed(scale * SHAPES[name], dead=3)
    (polytope,) = polytopes(W)
    assert polytope.name == name and polytope.residual < 1e-6
    assert len(polytope.features) == SHAPES[name].shape[1]


def test_tegum_products_split_into_their_factors() -> None:
    parts = ("triangle", "digon", "digon", "pentagon", "square antiprism")
    W, order = embed(*(SHAPES[name] for name in parts), torch.ones(1, 1, dtype=f64), dead=4)
    components = polytopes(W)
    assert sorted(p.name for p in components) == sorted((*parts, "single"))
    starts = torch.cat([torch.full((SHAPES[n].shape[1],), k) for k, n in enumerate(parts)])
    for part in components:
        members = order[part.features]
        owners = {int(starts[i]) for i in members if i < len(starts)}
        assert len(owners) <= 1


def test_other_shapes_are_unknown() -> None:
    wrong = torch.tensor([[1.0, 0.5, 0.0], [0.0, 0.8, 1.0]], dtype=f64)
    (polytope,) = polytopes(wrong)
    assert polytope.name == "unknown" and polytope.residual > 0.2
    doubled = torch.cat([SHAPES["digon"], SHAPES["digon"][:, :1]], 1)  # a feature twice
    (polytope,) = polytopes(doubled)
    assert polytope.name == "unknown"
    noise = 0.02 * torch.randn(2, 5, dtype=f64, generator=torch.Generator().manual_seed(1))
    (polytope,) = polytopes(SHAPES["pentagon"] + noise)
    assert polytope.name == "pentagon" and 0 < polytope.residual < 0.05


def test_connected_components_agree_with_a_search() -> None:
    generator = torch.Generator().manual_seed(3)
    adjacent = torch.rand(20, 12, 12, generator=generator) < 0.08
    adjacent = adjacent | adjacent.mT
    for graph, label in zip(adjacent, connected_components(adjacent), strict=True):
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
