"""The convex hull of a few points in space."""

from itertools import combinations

import torch
from jaxtyping import Float
from torch import Tensor

MAX_HULL_POINTS = 40
"""Most points for a hull: the time grows with the fourth power of their number."""

FLATNESS = 1e-4
"""Height above a face, relative to the cube of the largest radius, that counts as on the face."""

MIN_EDGE_COSINE = 0.999
"""Faces whose normals have a larger cosine lie in one plane; the edge between them is hidden."""

Triangle = tuple[int, int, int]


def faces(points: Float[Tensor, "3 count"]) -> list[Triangle]:
    """Compute the triangles of the convex hull, counter-clockwise as seen from outside.

    Three points are a face if all others lie on one side of their plane. A flat face of more than
    three corners gives all triangles of its corners. The list is empty for points in one plane,
    and for more than ``MAX_HULL_POINTS`` points.

    >>> octahedron = torch.cat([torch.eye(3), -torch.eye(3)], 1)
    >>> len(faces(octahedron))
    8
    """
    count = points.shape[1]
    if not 4 <= count <= MAX_HULL_POINTS:
        return []
    triples = torch.tensor(list(combinations(range(count), 3)))
    a, b, c = points.T[triples].unbind(1)
    normal = torch.linalg.cross(b - a, c - a)
    height = normal @ points - (normal * a).sum(-1, keepdim=True)
    limit = FLATNESS * points.norm(dim=0).max() ** 3
    above, below = (height > limit).any(-1), (height < -limit).any(-1)
    outward = torch.where(above[:, None], triples[:, [0, 2, 1]], triples)
    return [(i, j, k) for i, j, k in outward[above ^ below].tolist()]


def edges(points: Float[Tensor, "3 count"], triangles: list[Triangle]) -> list[tuple[int, int]]:
    """Compute the pairs of corners where two faces meet at an angle, without flat diagonals.

    Args:
        points: corners, one per column.
        triangles: faces from :func:`faces`.

    >>> octahedron = torch.cat([torch.eye(3), -torch.eye(3)], 1)
    >>> len(edges(octahedron, faces(octahedron)))
    12
    """
    normals: dict[tuple[int, int], list[Tensor]] = {}
    for triangle in triangles:
        a, b, c = (points[:, i] for i in triangle)
        normal = torch.linalg.cross(b - a, c - a)
        for i, j in combinations(sorted(triangle), 2):
            normals.setdefault((i, j), []).append(normal / normal.norm())
    return [pair for pair, beside in normals.items() if _min_cosine(beside) < MIN_EDGE_COSINE]


def _min_cosine(normals: list[Tensor]) -> float:
    return min(float(normals[0] @ normal) for normal in normals)
