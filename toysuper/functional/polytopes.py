r"""The polytopes that the feature directions form: components of the feature geometry graph.

The nodes of this graph are features. An edge joins two of them if both are represented and they
are not orthogonal. A component spans a space of its own: it is one factor of the tegum product
that all features form together.

Source: `The Geometry of Superposition
<https://transformer-circuits.pub/2022/toy_model/index.html#geometry>`_.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from toysuper.functional.geometry import REPRESENTED, directions, norms

SIMPLEX_NAMES = {2: "digon", 3: "triangle", 4: "tetrahedron"}

PRODUCT_NAMES = {
    ("digon", "digon", "digon"): "octahedron",
    ("digon", "triangle"): "triangular bipyramid",
    ("digon", "pentagon"): "pentagonal bipyramid",
}


def adjacency(
    W: Float[Tensor, "inst hidden feat"], cosine: float = 0.1, norm: float = REPRESENTED
) -> Bool[Tensor, "inst feat feat"]:
    r"""Compute which features are joined: :math:`|\hat W_i \cdot \hat W_j|` above ``cosine``.

    Args:
        W: feature directions.
        cosine: smallest absolute cosine of two joined features.
        norm: smallest norm of a joined feature.

    >>> adjacency(torch.tensor([[[1.0, -1.0, 0.0], [0.0, 0.0, 1.0]]]))[0].int().tolist()
    [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    """
    unit, represented = directions(W), norms(W) > norm
    close = (unit.mT @ unit).abs() > cosine
    diagonal = torch.eye(W.shape[-1], dtype=torch.bool, device=W.device)
    return close & represented[:, :, None] & represented[:, None] & ~diagonal


def connected_components(adjacent: Bool[Tensor, "inst feat feat"]) -> Int[Tensor, "inst feat"]:
    """Compute the connected components of graphs, each labelled by its smallest feature.

    >>> chain = torch.tensor([[[0, 0, 1], [0, 0, 0], [1, 0, 0]]], dtype=torch.bool)
    >>> connected_components(chain).tolist()
    [[0, 1, 0]]
    """
    feat = adjacent.shape[-1]
    label = torch.arange(feat, device=adjacent.device).expand(adjacent.shape[:2])
    while True:
        neighbour = torch.where(adjacent, label[:, None], feat).amin(-1)
        smaller = torch.minimum(label, neighbour)
        if torch.equal(smaller, label):
            return label
        label = smaller


class Polytope(NamedTuple):
    """One component of the feature geometry graph.

    Attributes:
        features: indices of its features.
        name: the polytope whose cosines are nearest, or ``unknown``.
        residual: root mean square difference of its cosines from those of that polytope.
    """

    features: list[int]
    name: str
    residual: float


def polytopes(W: Float[Tensor, "hidden feat"], tolerance: float = 0.05) -> list[Polytope]:
    """Compute all components of one model and name each of them.

    Features that are not represented belong to none. A feature with a dimension of its own is a
    component named ``single``.

    Args:
        W: feature directions.
        tolerance: largest residual of a polytope that gets a name; above it is ``unknown``.

    >>> W = torch.tensor([[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.1]])
    >>> [(p.name, p.features) for p in polytopes(W)]
    [('digon', [0, 1]), ('single', [2])]
    """
    represented = norms(W[None])[0] > REPRESENTED
    component = connected_components(adjacency(W[None]))[0]
    groups = [(component == k).nonzero()[:, 0] for k in component[represented].unique()]
    return [Polytope(group.tolist(), *_identify(W[:, group], tolerance)) for group in groups]


def product_name(parts: Sequence[Polytope]) -> str:
    """Return the name of the tegum product of all components, and its factors.

    >>> W = torch.cat([torch.eye(3), -torch.eye(3)], 1)
    >>> product_name(polytopes(W))
    'octahedron (3 digon)'
    """
    names = sorted(part.name for part in parts)
    factors = " × ".join(f"{count} {name}" for name, count in Counter(names).most_common())
    product = PRODUCT_NAMES.get(tuple(names))
    return f"{product} ({factors})" if product else factors or "nothing represented"


def _identify(W: Float[Tensor, "hidden members"], tolerance: float) -> tuple[str, float]:
    """The name of the nearest polytope, and the residual."""
    count = W.shape[1]
    if count == 1:
        return "single", 0.0
    cosines = _cosines(W)
    residuals = {
        name: float((cosines - expected).square().mean().sqrt())
        for name, expected in _candidates(count)
    }
    name = min(residuals, key=residuals.__getitem__)
    return (name if residuals[name] <= tolerance else "unknown"), residuals[name]


def _cosines(W: Float[Tensor, "hidden members"]) -> Float[Tensor, " pairs"]:
    """Sorted cosines of all pairs; rotation, order and norms do not change them."""
    unit = directions(W.double()[None])[0]
    return (unit.mT @ unit)[*torch.triu_indices(W.shape[1], W.shape[1], 1)].sort().values


def _candidates(count: int) -> list[tuple[str, Float[Tensor, " pairs"]]]:
    """Names and sorted cosines of the polytopes with ``count`` vertices."""
    shapes = [(SIMPLEX_NAMES.get(count, f"{count}-simplex"), simplex(count))]
    if count > 4:  # a square is two digons
        shapes.append(("pentagon" if count == 5 else f"{count}-gon", polygon(count)))
    if count == 8:
        shapes.append(("square antiprism", antiprism()))
    return [(name, _cosines(vertices)) for name, vertices in shapes]


def simplex(count: int) -> Float[Tensor, "count count"]:
    r"""Compute ``count`` unit vectors with equal cosines of :math:`-1 / (k - 1)`, k = ``count``.

    They are the axes minus their mean, so they span one dimension fewer than they have rows.

    >>> (simplex(3).mT @ simplex(3)).round(decimals=4)[0]
    tensor([ 1.0000, -0.5000, -0.5000], dtype=torch.float64)
    """
    centred = torch.eye(count, dtype=torch.float64) - 1 / count
    return centred / math.sqrt(1 - 1 / count)


def polygon(count: int) -> Float[Tensor, "2 count"]:
    """Compute ``count`` unit vectors at equal angles in the plane.

    >>> polygon(4).round().int().tolist()
    [[1, 0, -1, 0], [0, 1, 0, -1]]
    """
    angle = 2 * math.pi * torch.arange(count, dtype=torch.float64) / count
    return torch.stack([angle.cos(), angle.sin()])


def antiprism() -> Float[Tensor, "3 8"]:
    r"""Compute the eight vertices of a square antiprism that is a tight frame: D = 3/8 for each.

    It is two squares at heights :math:`\pm\sqrt{1/3}`, one of them turned by 45 degrees.

    >>> (antiprism() @ antiprism().mT).round(decimals=4).diagonal()
    tensor([2.6667, 2.6667, 2.6667], dtype=torch.float64)
    """
    squares = polygon(8)[:, [0, 2, 4, 6, 1, 3, 5, 7]] * math.sqrt(2 / 3)
    height = torch.tensor([1.0] * 4 + [-1.0] * 4, dtype=torch.float64) / math.sqrt(3)
    return torch.cat([squares, height[None]])


def icosahedron() -> Float[Tensor, "3 12"]:
    r"""Compute the twelve vertices of an icosahedron, six antipodal pairs of unit vectors.

    Two vertices of different pairs have cosine :math:`\pm 1 / \sqrt 5`.

    >>> icosahedron().norm(dim=0).unique().round(decimals=6)
    tensor([1.], dtype=torch.float64)
    """
    golden = (1 + math.sqrt(5)) / 2
    rows = [[0.0, a, b * golden] for a in (-1, 1) for b in (-1, 1)]
    points = torch.tensor([row[k:] + row[:k] for row in rows for k in range(3)])
    return (points / math.sqrt(1 + golden**2)).double().T
