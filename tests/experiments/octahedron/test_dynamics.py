from dataclasses import replace

import pytest
import torch

from tests._run import data, snapshot_of
from toysuper import claims
from toysuper.errors import UserError
from toysuper.experiments.octahedron.measurement import stages
from toysuper.features import CorrelatedSets
from toysuper.functional.polytopes import polygon
from toysuper.metrics.dynamics import Course, course, jumps
from toysuper.snapshot import Snapshot

STEPS = torch.arange(0, 1001, 10)


def level(before: float, after: float, at: int, over: int) -> torch.Tensor:
    """A series that goes in a straight line from one level to another."""
    share = ((STEPS - at) / over).clamp(0, 1)
    return (before + (after - before) * share)[:, None]


def record(loss: torch.Tensor, *shares: torch.Tensor) -> Course:
    return Course(STEPS, loss, torch.stack(shares, -1))


def test_a_sudden_change_with_a_falling_loss_is_a_jump() -> None:
    swap = record(level(1.0, 0.9, 400, 20), level(0, 0.5, 400, 20), level(0.5, 0.5, 1, 1))
    (jump,) = jumps(swap, 0)
    assert jump.feature == 0 and 390 <= jump.start <= 410 <= jump.stop <= 430
    assert jump.change == pytest.approx(0.5) and jump.drop == pytest.approx(0.1)


def test_slow_changes_and_constant_losses_are_no_jumps() -> None:
    slow = record(level(1.0, 0.9, 200, 600), level(0, 0.5, 200, 600))
    constant = record(level(1.0, 1.0, 1, 1), level(0, 0.5, 400, 20))
    rising = record(level(0.9, 1.0, 400, 20), level(0, 0.5, 400, 20))
    early = record(level(1.0, 0.9, 0, 20), level(0, 0.5, 0, 20))
    assert [jumps(made, 0) for made in (slow, constant, rising, early)] == [[], [], [], []]


def test_two_jumps_are_two() -> None:
    loss = level(1.0, 0.9, 200, 20) + level(0, -0.1, 400, 20)
    both = record(loss, level(0, 0.5, 200, 20), level(0.5, 0, 400, 20))
    assert [jump.feature for jump in jumps(both, 0)] == [0, 1]


def test_a_course_needs_a_history() -> None:
    world = data()
    with pytest.raises(UserError, match=r"set history\.num"):
        course(snapshot_of(world, 2))


def collapsed(tilt: float) -> torch.Tensor:
    """Two sets of three around two orthogonal axes; a tilt of 0 is one direction each."""
    around = torch.cat([torch.zeros(1, 3), polygon(3)])
    first = torch.tensor([[1.0], [0], [0]]) + tilt * around
    second = torch.tensor([[0.0], [1], [0]]) + tilt * around[[1, 0, 2]]
    return 0.6 * torch.cat([first, second], 1)


OCTAHEDRON = torch.cat([torch.eye(3), -torch.eye(3)], 1)
APART, OPEN = collapsed(0.1), torch.cat([torch.eye(3), torch.eye(3)[[1, 2, 0]]], 1)


def story(*weights: torch.Tensor) -> Snapshot:
    world = data(n=6, features=CorrelatedSets(3), grid={"seed": [0]})
    now = snapshot_of(world, 2, hidden=3)
    moments = tuple(
        replace(now, encoder=W[None], loss=torch.full((1, 6), 1.0 - 0.1 * k), step=10 * k)
        for k, W in enumerate(weights)
    )
    return replace(moments[-1], history=moments)


def test_stages_begin_where_the_geometry_changes() -> None:
    found = stages(story(0.05 * OPEN, APART, OPEN, OCTAHEDRON, OCTAHEDRON))
    assert [float(step[0]) for step in found] == [10, 20, 30]
    assert found.in_order.all()


@pytest.mark.parametrize(
    "weights",
    [
        (0.05 * OPEN, OPEN, APART, OCTAHEDRON),
        (0.05 * OPEN, OPEN, OCTAHEDRON, OCTAHEDRON),
        (0.05 * OPEN, APART, OPEN, OPEN),
    ],
)
def test_other_stories_are_out_of_order(weights) -> None:
    assert not stages(story(*weights)).in_order.any()


def test_claims_about_the_octahedron() -> None:
    told = {c.name: c.holds for c in claims.octahedron(story(0.05 * OPEN, APART, OPEN, OCTAHEDRON))}
    assert told == {"OCTA": True, "OCTA order": True}
    untold = replace(story(0.05 * OPEN, OCTAHEDRON), history=())
    assert [c.holds for c in claims.octahedron(untold)] == [True, None]
    pairs = replace(untold, sets=(torch.arange(6) // 2)[None])
    assert [c.holds for c in claims.octahedron(pairs)] == [None, None]
    lost = {c.name: c.holds for c in claims.octahedron(story(0.05 * OPEN, APART, OPEN, OPEN))}
    assert lost == {"OCTA": False, "OCTA order": False}


def test_claims_about_energy_levels() -> None:
    world = data(n=4, grid={"seed": [0]})
    now = snapshot_of(world, 2, hidden=2)
    digons = torch.tensor([[1.0, -1, 0, 0], [0, 0, 1, -1]])[None]
    lacking = torch.tensor([[1.0, -1, 0, 0], [0, 0, 1, 0]])[None]

    def told(at: int) -> dict[str, bool | None]:
        """The fourth feature comes in at a step, and the loss falls."""
        moments = tuple(
            replace(now, encoder=W, loss=torch.full((1, 4), loss), step=step)
            for step in STEPS.tolist()
            for W, loss in [(digons, 0.9) if step > at else (lacking, 1.0)]
        )
        claimed = claims.energy_levels(replace(moments[-1], history=moments))
        return {claim.name: claim.holds for claim in claimed}

    assert told(400) == {"ENERGY jumps": True, "ENERGY levels": True}
    assert told(2000) == {"ENERGY jumps": False, "ENERGY levels": False}
