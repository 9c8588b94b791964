r"""Which polytopes the feature directions form: the components of the feature geometry graph.

Features are nodes, joined where they are represented and not orthogonal. A component spans a space
of its own, a factor of the tegum product that all features form together.

Source: the paper's section "The Geometry of Superposition".
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from toysuper.functional.geometry import directions, norms

KNOWN = {2: "digon", 3: "triangle", 4: "tetrahedron"}


def adjacency(
    W: Float[Tensor, "inst hidden feat"], cosine: float = 0.1, norm: float = 0.5
) -> Bool[Tensor, "inst feat feat"]:
    r"""Which pairs have :math:`|\hat W_i \cdot \hat W_j| >` cosine and norms above ``norm``.

    >>> adjacency(torch.tensor([[[1.0, -1.0, 0.0], [0.0, 0.0, 1.0]]]))[0].int().tolist()
    [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    """
    unit, kept = directions(W), norms(W) > norm
    close = (unit.mT @ unit).abs() > cosine
    alone = torch.eye(W.shape[-1], dtype=torch.bool, device=W.device)
    return close & kept[:, :, None] & kept[:, None] & ~alone


def labels(adjacent: Bool[Tensor, "inst feat feat"]) -> Int[Tensor, "inst feat"]:
    """The smallest feature in each feature's component.

    >>> chain = torch.tensor([[[0, 0, 1], [0, 0, 0], [1, 0, 0]]], dtype=torch.bool)
    >>> labels(chain).tolist()
    [[0, 1, 0]]
    """
    feat = adjacent.shape[-1]
    found = torch.arange(feat, device=adjacent.device).expand(adjacent.shape[:2])
    while True:
        beside = torch.where(adjacent, found[:, None], feat).amin(-1)
        smaller = torch.minimum(found, beside)
        if torch.equal(smaller, found):
            return found
        found = smaller


class Polytope(NamedTuple):
    """Features of one component, what it is nearest to, and how far its cosines are from that."""

    features: list[int]
    name: str
    residual: float


def polytopes(W: Float[Tensor, "hidden feat"], tolerance: float = 0.05) -> list[Polytope]:
    """All components of one model, ``unknown`` where the residual exceeds ``tolerance``.

    Features that are not represented are left out; ``single`` is one with a dimension of its own.

    >>> W = torch.tensor([[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.1]])
    >>> [(p.name, p.features) for p in polytopes(W)]
    [('digon', [0, 1]), ('single', [2])]
    """
    kept = norms(W[None])[0] > 0.5
    label = labels(adjacency(W[None]))[0]
    groups = [(label == k).nonzero()[:, 0] for k in label[kept].unique()]
    return [Polytope(group.tolist(), *_identify(W[:, group], tolerance)) for group in groups]


PRODUCTS = {
    ("digon", "digon", "digon"): "octahedron",
    ("digon", "triangle"): "triangular bipyramid",
    ("digon", "pentagon"): "pentagonal bipyramid",
}


def product_name(parts: Sequence[Polytope]) -> str:
    """The tegum product of all components, by its own name where it has one.

    >>> W = torch.cat([torch.eye(3), -torch.eye(3)], 1)
    >>> product_name(polytopes(W))
    'octahedron (3 digon)'
    """
    names = sorted(part.name for part in parts)
    factors = " × ".join(f"{count} {name}" for name, count in Counter(names).most_common())
    known = PRODUCTS.get(tuple(names))
    return f"{known} ({factors})" if known else factors or "nothing represented"


def _identify(W: Float[Tensor, "hidden members"], tolerance: float) -> tuple[str, float]:
    count = W.shape[1]
    if count == 1:
        return "single", 0.0
    found = _cosines(W)
    near = {name: float((found - shape).square().mean().sqrt()) for name, shape in _shapes(count)}
    name = min(near, key=near.__getitem__)
    return (name if near[name] <= tolerance else "unknown"), near[name]


def _cosines(W: Float[Tensor, "hidden members"]) -> Float[Tensor, " pairs"]:
    """Of all pairs, sorted: what neither rotation nor order nor norms change."""
    unit = directions(W.double()[None])[0]
    return (unit.mT @ unit)[*torch.triu_indices(W.shape[1], W.shape[1], 1)].sort().values


def _shapes(count: int) -> list[tuple[str, Float[Tensor, " pairs"]]]:
    """Polytopes with that many vertices."""
    found = [(KNOWN.get(count, f"{count}-simplex"), _cosines(simplex(count)))]
    if count > 4:  # a square is two digons
        found.append(("pentagon" if count == 5 else f"{count}-gon", _cosines(polygon(count))))
    if count == 8:
        found.append(("square antiprism", _cosines(antiprism())))
    return found


def simplex(count: int) -> Float[Tensor, "count count"]:
    r"""Unit vectors with all cosines :math:`-1 / (k - 1)`: the axes, less their mean.

    >>> (simplex(3).mT @ simplex(3)).round(decimals=4)[0]
    tensor([ 1.0000, -0.5000, -0.5000], dtype=torch.float64)
    """
    centred = torch.eye(count, dtype=torch.float64) - 1 / count
    return centred / math.sqrt(1 - 1 / count)


def polygon(count: int) -> Float[Tensor, "2 count"]:
    """Unit vectors at equal angles in the plane.

    >>> polygon(4).round().int().tolist()
    [[1, 0, -1, 0], [0, 1, 0, -1]]
    """
    angle = 2 * math.pi * torch.arange(count, dtype=torch.float64) / count
    return torch.stack([angle.cos(), angle.sin()])


def antiprism() -> Float[Tensor, "3 8"]:
    """Two squares, one turned by 45 degrees, at heights +-sqrt(1/3): a tight frame, D = 3/8.

    >>> (antiprism() @ antiprism().mT).round(decimals=4).diagonal()
    tensor([2.6667, 2.6667, 2.6667], dtype=torch.float64)
    """
    around = polygon(8)[:, [0, 2, 4, 6, 1, 3, 5, 7]] * math.sqrt(2 / 3)
    height = torch.tensor([1.0] * 4 + [-1.0] * 4, dtype=torch.float64) / math.sqrt(3)
    return torch.cat([around, height[None]])


def icosahedron() -> Float[Tensor, "3 12"]:
    """Twelve unit vectors in six antipodal pairs, any two others at cosines of +-1/sqrt(5).

    >>> icosahedron().norm(dim=0).unique().round(decimals=6)
    tensor([1.], dtype=torch.float64)
    """
    golden = (1 + math.sqrt(5)) / 2
    rows = [[0.0, a, b * golden] for a in (-1, 1) for b in (-1, 1)]
    points = torch.tensor([row[k:] + row[:k] for row in rows for k in range(3)])
    return (points / math.sqrt(1 + golden**2)).double().T
