import torch

from tests._run import data, snapshot_of
from tests._snapshots import replace
from toysuper.experiments.uniform_superposition.measurement import census
from toysuper.functional.polytopes import Polytope, polygon, product_name


def test_census_has_a_row_for_each_component() -> None:
    world = data(n=5, grid={"density": [0.5, 0.2]})
    record = snapshot_of(world, 1, hidden=3)
    bipyramid = torch.block_diag(polygon(3), torch.tensor([[1.0, -1.0]]))
    record = replace(record, encoder=torch.stack([bipyramid, 0 * bipyramid]))
    rows = census(record)
    assert [row["polytope"] for row in rows] == ["triangle", "digon"]
    assert [row["features"] for row in rows] == ["0 1 2", "3 4"]
    assert [row["dimensionality"] for row in rows] == ["0.6667", "0.5"]
    assert {row["product"] for row in rows} == {"triangular bipyramid (1 digon × 1 triangle)"}
    assert {row["density"] for row in rows} == {0.5}


def test_products_have_their_own_names() -> None:
    def named(*names: str) -> str:
        return product_name([Polytope([0], name, 0.0) for name in names])

    assert named("digon", "digon", "digon") == "octahedron (3 digon)"
    assert named("pentagon", "digon").startswith("pentagonal bipyramid")
    assert named("digon", "single", "digon") == "2 digon × 1 single"
    assert named() == "nothing represented"
