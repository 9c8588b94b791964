import pytest
import torch

from tests._run import data, snapshot_of
from toysuper.errors import UserError
from toysuper.experiments.phase_change.measurement import phase_cells
from toysuper.experiments.phase_change.theory import prototype_losses
from toysuper.snapshot import Snapshot

GRID = {"importance[-1]": [10.0, 0.1], "density": [0.01, 1.0], "seed": [0, 1, 2]}


@pytest.fixture
def snapshot() -> Snapshot:
    world = data(n=2, grid=GRID)
    return snapshot_of(world, 3, hidden=1)


def test_cells_hold_their_own_models_the_best_first(snapshot: Snapshot) -> None:
    cells = phase_cells(snapshot)
    torch.testing.assert_close(cells.density, torch.tensor([1.0, 0.01]))
    torch.testing.assert_close(cells.relative, torch.tensor([0.1, 10.0]))
    for a, p in enumerate((1.0, 0.01)):
        for b, r in enumerate((0.1, 10.0)):
            at = [
                i
                for i, c in enumerate(snapshot.coordinates)
                if (c["density"], c["importance[-1]"]) == (p, r)
            ]
            at.sort(key=lambda i: float(snapshot.loss[i].sum()))
            torch.testing.assert_close(cells.norm[a, b], snapshot.W[at, 0, 1].abs())
            torch.testing.assert_close(cells.other[a, b], snapshot.W[at, 0, 0].abs())
            expected = (snapshot.W[at, 0, 0].abs() > 0.5) & (snapshot.W[at, 0, 1].abs() > 0.5)
            assert torch.equal(cells.complete[a, b] == 1, expected)


def test_the_worst_is_dropped_and_the_rest_averaged(snapshot: Snapshot) -> None:
    cells = phase_cells(snapshot)
    torch.testing.assert_close(cells.averaged(cells.norm), cells.norm[..., :2].mean(-1))
    alone = cells._replace(norm=cells.norm[..., :1])
    torch.testing.assert_close(alone.averaged(alone.norm), cells.norm[..., 0])


def test_phases_are_named_by_what_the_extra_feature_does(snapshot: Snapshot) -> None:
    """Norm, superposition and whether all are represented, against the prototype's number."""
    names = {(0.0, 0.0, 0.0): 0, (1.0, 0.0, 0.0): 1, (1.0, 1.0, 1.0): 2, (1.0, 0.0, 1.0): 3}
    cells = phase_cells(snapshot)
    for (norm, shared, complete), phase in names.items():
        filled = cells._replace(
            norm=torch.full_like(cells.norm, norm),
            superposition=torch.full_like(cells.norm, shared),
            complete=torch.full_like(cells.norm, complete),
        )
        assert (filled.phase() == phase).all()


def test_theory_is_the_best_prototype(snapshot: Snapshot) -> None:
    cells = phase_cells(snapshot)
    one = prototype_losses(2, torch.tensor(0.01), torch.tensor(10.0)).min()
    torch.testing.assert_close(cells.loss[1, 1, 0] / cells.ratio(2)[1, 1], one)


def test_a_part_of_a_grid_is_refused(snapshot: Snapshot) -> None:
    for part in (snapshot.pick(range(11)), snapshot.pick([])):
        with pytest.raises(UserError, match="each cell"):
            phase_cells(part)
