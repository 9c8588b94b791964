import pytest
import torch

from tests._figures import assert_draws
from tests._run import data, snapshot_of
from tests._snapshots import replace, snapshot, verdicts
from toysuper.errors import UserError
from toysuper.experiments.nonlinear_compression import (
    claims,
    code,
    compression_error,
    decode,
    nonlinear_compression,
    staircase,
)
from toysuper.models import LinearModel
from toysuper.snapshot import Snapshot


def test_steep_ramps_are_the_floor() -> None:
    x = (torch.arange(300) + 0.5) / 300
    torch.testing.assert_close(staircase(x, 4, 1e-6), (4 * x).floor())


def test_the_staircase_has_the_floors_integral() -> None:
    """Centred ramps add below a jump what they lack above it."""
    x = (torch.arange(100_000) + 0.5) / 100_000
    assert float(staircase(x, 3, 0.1).mean()) == pytest.approx(float((3 * x).floor().mean()))
    assert (staircase(x, 3, 0.1).diff() >= 0).all()


def test_far_from_jumps_y_is_kept_exactly_and_x_to_half_a_level() -> None:
    x, y = torch.tensor([0.1, 0.5, 0.9]), torch.tensor([0.3, 0.6, 0.5])
    t = code(x, y, 3, 0.01)
    assert (t >= 0).all() and (t <= 1).all()
    x_hat, y_hat = decode(t, 3, 0.01)
    torch.testing.assert_close(y_hat, y)
    assert ((x - x_hat).abs() <= 1 / 6).all()


def test_errors_against_a_slow_obvious_twin() -> None:
    """Uniform draws, one at a time through the definition."""
    x, y = torch.rand(2, 200_000, generator=torch.Generator().manual_seed(0))
    t = (torch.floor(3 * x) + y) / 3
    x_hat, y_hat = (torch.floor(3 * t) + 0.5) / 3, 3 * t - torch.floor(3 * t)
    twin = float(((x - x_hat) ** 2 + (y - y_hat) ** 2).mean())
    assert compression_error(3, 1e-5) == pytest.approx(twin, rel=0.01)
    assert compression_error(3, 1e-5) == pytest.approx(1 / 12 / 9, rel=0.02)  # variance in a level


@pytest.mark.parametrize(("levels", "ramp"), [(0, 0.1), (3, 0.0), (3, 2.0), (3, float("nan"))])
def test_bad_codes_are_refused(levels: int, ramp: float) -> None:
    with pytest.raises(UserError, match="levels >= 1 and 0 < ramp <= 1"):
        compression_error(levels, ramp)


@pytest.mark.parametrize(("loss", "holds"), [(1 / 12, True), (0.09, False), (0.04, False)])
def test_nonlinear_compression(loss: float, holds: bool) -> None:
    W = torch.tensor([[[1.0, 0.0]]])
    made = snapshot(W, torch.zeros(1, 2), [1.0], "identity")
    checked = claims(replace(made, loss=torch.tensor([[0.0, loss]])))
    assert verdicts(checked) == {"NLC": True, "NLC linear": holds}


@pytest.fixture
def pair() -> Snapshot:
    world = data(n=2, grid={"seed": [0, 1]})
    return snapshot_of(world, 5, model=LinearModel, hidden=1)


def test_it_draws_something(pair: Snapshot) -> None:
    assert_draws(nonlinear_compression(pair))
