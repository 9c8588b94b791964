"""The convex hull of a few points in space."""

from itertools import combinations

import torch
from jaxtyping import Float
from torch import Tensor

MOST = 40
"""Points above which looking at all triples takes too long."""


def faces(points: Float[Tensor, "3 count"]) -> list[tuple[int, int, int]]:
    """Triangles of the convex hull, their corners counter-clockwise as seen from outside.

    A triple of points is one if all others lie on one side of it; flat faces of more than three
    corners come as all their triples. None for points in a plane, and for more than 40 points.

    >>> octahedron = torch.cat([torch.eye(3), -torch.eye(3)], 1)
    >>> len(faces(octahedron))
    8
    """
    count = points.shape[1]
    if not 4 <= count <= MOST:
        return []
    triples = torch.tensor(list(combinations(range(count), 3)))
    a, b, c = points.T[triples].unbind(1)
    normal = torch.linalg.cross(b - a, c - a)
    scale = points.norm(dim=0).max() ** 3
    height = normal @ points - (normal * a).sum(-1, keepdim=True)
    above, below = (height > 1e-4 * scale).any(-1), (height < -1e-4 * scale).any(-1)
    found = []
    for k in (above ^ below).nonzero()[:, 0].tolist():
        i, j, m = triples[k].tolist()
        found.append((i, m, j) if above[k] else (i, j, m))
    return found


def edges(
    points: Float[Tensor, "3 count"], triangles: list[tuple[int, int, int]]
) -> list[tuple[int, int]]:
    """Pairs of corners where two faces meet at an angle; no diagonals of flat faces.

    >>> octahedron = torch.cat([torch.eye(3), -torch.eye(3)], 1)
    >>> len(edges(octahedron, faces(octahedron)))
    12
    """
    beside: dict[tuple[int, int], list[Tensor]] = {}
    for triangle in triangles:
        a, b, c = (points[:, i] for i in triangle)
        normal = torch.linalg.cross(b - a, c - a)
        for i, j in combinations(sorted(triangle), 2):
            beside.setdefault((i, j), []).append(normal / normal.norm())
    return [
        pair for pair, sides in beside.items() if min(float(sides[0] @ n) for n in sides) < 0.999
    ]
