from itertools import pairwise

import pytest
import torch

from toysuper.functional.hull import edges, faces
from toysuper.functional.polytopes import antiprism, polygon, simplex

CUBE = torch.tensor([[x, y, z] for x in (-1.0, 1) for y in (-1.0, 1) for z in (-1.0, 1)]).T.double()
OCTAHEDRON = torch.cat([torch.eye(3), -torch.eye(3)], 1).double()
TETRAHEDRON = torch.linalg.svd(simplex(4), full_matrices=False)[2][:3]
SOLIDS = [(TETRAHEDRON, 4, 6), (OCTAHEDRON, 8, 12), (CUBE, 24, 12), (antiprism(), 16, 16)]


@pytest.mark.parametrize(("points", "triangles", "sides"), SOLIDS)
def test_faces_and_edges_of_solids(points, triangles, sides) -> None:
    """Rotated and scaled; a square face gives its four triangles."""
    torch.manual_seed(0)
    rotated = 1.7 * torch.linalg.qr(torch.randn(3, 3)).Q @ points.double()
    hull = faces(rotated)
    assert (len(hull), len(edges(rotated, hull))) == (triangles, sides)


@pytest.mark.parametrize(("points", "_", "__"), SOLIDS)
def test_faces_are_counter_clockwise_from_outside(points, _, __) -> None:
    for triangle in faces(points):
        a, b, c = (points[:, i] for i in triangle)
        assert float(torch.linalg.cross(b - a, c - a) @ (a + b + c)) > 0


def test_points_inside_are_no_corners() -> None:
    points = torch.cat([OCTAHEDRON, 0.1 * torch.ones(3, 1)], 1)
    assert {i for triangle in faces(points) for i in triangle} == set(range(6))


def test_flat_and_few_points_have_no_faces() -> None:
    flat = torch.cat([polygon(5), torch.zeros(1, 5)])
    assert faces(flat) == faces(torch.eye(3)) == faces(torch.zeros(3, 6)) == []


def test_every_edge_of_triangles_has_two_sides() -> None:
    loops = [(*t, t[0]) for t in faces(OCTAHEDRON)]
    directed = [pair for loop in loops for pair in pairwise(loop)]
    assert sorted(directed) == sorted((j, i) for i, j in directed)
