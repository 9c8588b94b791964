import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from toysuper.data.curves import Geometric, LinSpace, LogSpace, Range
from toysuper.data.grid import Grid
from toysuper.errors import UserError

values = st.lists(st.floats(0.01, 1.0), min_size=1, max_size=4, unique_by=lambda v: f"{v:.9g}")


@given(density=values, importance=values)
def test_a_cell_keeps_its_key_in_any_grid(density: list[float], importance: list[float]) -> None:
    axes = {"density": density, "importance": importance}
    grid = Grid(axes)
    assert grid.instances == len(density) * len(importance)
    turned = Grid({name: axes[name][::-1] for name in reversed(axes)})
    where = {str(sorted(cell.items())): key for cell, key in _keyed(turned)}
    for cell, key in _keyed(grid):
        assert torch.equal(where[str(sorted(cell.items()))], key)
        assert torch.equal(Grid({k: [v] for k, v in cell.items()}).keys()[0], key)


def _keyed(grid: Grid) -> list:
    return list(zip(grid.coordinates, grid.keys(), strict=True))


def test_keys_differ_between_cells_and_seeds() -> None:
    keys = Grid({"density": LinSpace(0.01, 1, 200), "seed": Range(50)}).keys()
    assert len(keys.unique(dim=0)) == 10_000
    assert not torch.equal(
        keys, Grid({"density": LinSpace(0.01, 1, 200), "seed": Range(50)}).keys(1)
    )


def test_common_keys_ignore_the_seed_only() -> None:
    keys = Grid({"density": [0.1, 1.0], "seed": Range(3)}).keys(common=True)
    assert len(keys.unique(dim=0)) == 2


def test_rounding_does_not_change_a_cell() -> None:
    assert torch.equal(Grid({"density": [0.1 + 0.2]}).keys(), Grid({"density": [0.3]}).keys())


def test_blocks_follow_each_other() -> None:
    grid = Grid([{"activation": ["identity"]}, {"activation": ["relu"], "seed": Range(2)}])
    assert grid.column("seed", -1) == [-1, 0, 1]
    assert grid.names == ["activation", "seed"]


def test_no_axis_is_one_instance() -> None:
    assert Grid().coordinates == ({},)


@pytest.mark.parametrize("axes", [{"density": []}, {"density": [0.1, 0.1]}, [], [{}, {}]])
def test_empty_and_repeated_are_refused(axes) -> None:
    with pytest.raises(UserError, match=r"empty|twice"):
        Grid(axes)


def test_seeds_are_whole_numbers() -> None:
    assert Grid({"seed": [0.0, 1.0]}).coordinates[1] == {"seed": 1}
    assert len(Grid({"seed": [1234567890, 1234567891]}).keys().unique(dim=0)) == 2
    with pytest.raises(UserError, match=r"holds 0\.5; a seed is a whole number"):
        Grid({"seed": [0.5]})


def test_a_lone_number_is_no_axis() -> None:
    with pytest.raises(UserError, match="give a list of values or a Curve"):
        Grid({"density": 0.1})


def test_curves() -> None:
    assert LogSpace(1.0, 0.05, 3).axis() == pytest.approx([1, 0.05**0.5, 0.05])
    assert Geometric(0.7).values(3) == pytest.approx([1, 0.7, 0.49])
    with pytest.raises(UserError, match="needs 'num'"):
        Grid({"density": Geometric(0.7)})
    with pytest.raises(UserError, match="above 0"):
        LogSpace(1.0, 0.0)
