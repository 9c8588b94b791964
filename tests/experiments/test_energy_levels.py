"""Jumps are found where they are, and claims about them hold only there."""

import pytest
import torch

from tests._figures import assert_draws, two_sets
from tests._run import data, snapshot_of
from tests._snapshots import replace
from toysuper.experiments.energy_levels import claims, energy_levels, jumps
from toysuper.metrics.curves import TrainingCurves

STEPS = torch.arange(0, 1001, 10)


def level(before: float, after: float, start: int, over: int) -> torch.Tensor:
    """A series that goes in a straight line from one level to another."""
    share = ((STEPS - start) / over).clamp(0, 1)
    return (before + (after - before) * share)[:, None]


def record(loss: torch.Tensor, *shares: torch.Tensor) -> TrainingCurves:
    return TrainingCurves(STEPS, loss, torch.stack(shares, -1))


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


def test_claims_about_energy_levels() -> None:
    world = data(n=4, grid={"seed": [0]})
    now = snapshot_of(world, 2, hidden=2)
    digons = torch.tensor([[1.0, -1, 0, 0], [0, 0, 1, -1]])[None]
    lacking = torch.tensor([[1.0, -1, 0, 0], [0, 0, 1, 0]])[None]

    def verdicts_at(start: int) -> dict[str, bool | None]:
        """The fourth feature comes in at a step, and the loss falls."""
        moments = tuple(
            replace(now, encoder=W, loss=torch.full((1, 4), loss), step=step)
            for step in STEPS.tolist()
            for W, loss in [(digons, 0.9) if step > start else (lacking, 1.0)]
        )
        claimed = claims(replace(moments[-1], history=moments))
        return {claim.name: claim.holds for claim in claimed}

    assert verdicts_at(400) == {"ENERGY jumps": True, "ENERGY levels": True}
    assert verdicts_at(2000) == {"ENERGY jumps": False, "ENERGY levels": False}


def test_it_draws_something() -> None:
    assert_draws(energy_levels(two_sets()))
