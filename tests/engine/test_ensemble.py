import subprocess
import sys

import pytest
import torch

from tests._run import ROOT, data
from tests.engine._cases import ensemble
from toysuper.engine import Gradients
from toysuper.engine.ensemble import _slices
from toysuper.errors import UserError
from toysuper.models import ReLUOutputModel
from toysuper.objectives import ExpectedLoss

FAST_EQUALS_EAGER = """
import sys, torch, warnings
warnings.simplefilter("error", UserWarning)
warnings.filterwarnings("ignore", message=".*LeafSpec")
torch.set_num_threads(1)
from tests.engine._cases import CASES, weights_after

def compare(name, tolerance):
    eager, fast = (weights_after(200, name, jit) for jit in (False, True))
    error = max(float((a - b).abs().max()) for a, b in zip(eager, fast))
    assert error < tolerance, f"{name}: {error}"

names = sys.argv[1:]
if not names:
    compare("wide products", 1e-5)  # they are float32's
torch.set_default_dtype(torch.float64)
for name in names or CASES:
    compare(name, 1e-13)
"""
ALL_PATHS = pytest.param([], id="all", marks=pytest.mark.slow)


@pytest.mark.parametrize("names", [["rows of mixed activations"], ALL_PATHS])
def test_compiled_steps_equal_eager_ones_after_200_steps(names: list[str]) -> None:
    """To rounding: sums in another order. In a process of its own, where warnings are errors."""
    subprocess.run([sys.executable, "-c", FAST_EQUALS_EAGER, *names], cwd=ROOT, check=True)


def test_slices_are_equal_and_cover_every_instance() -> None:
    for instances in (1, 2, 7, 10, 63):
        for chunk in (1, 2, 3, 10, 100):
            slices = _slices(instances, chunk)
            seen = {i for part in slices for i in range(instances)[part]}
            assert seen == set(range(instances))
            assert len({part.stop - part.start for part in slices}) == 1
            assert slices[0].stop <= chunk and slices[-1].stop == instances


def gradients(chunk: int | None) -> list[torch.Tensor]:
    world = data(grid={"density": [1.0, 0.5, 0.2], "activation": ["relu", "gelu"]})
    engine = Gradients(
        ReLUOutputModel(4, world.grid, hidden=2), ExpectedLoss(), world.world(), False, chunk
    )
    with torch.no_grad():
        return list(next(engine.steps(torch.tensor(3))))


@pytest.mark.parametrize("chunk", [1, 2, 4, 5])
def test_chunks_change_nothing(chunk: int) -> None:
    assert all(torch.equal(a, b) for a, b in zip(gradients(None), gradients(chunk), strict=True))


def test_a_buffer_that_leads_with_another_axis_is_refused() -> None:
    world = data(grid={"density": [1.0, 0.5, 0.2]})
    model = ReLUOutputModel(4, world.grid, hidden=2)
    model.register_buffer("angles", torch.zeros(4, 3))
    with pytest.raises(UserError, match=r"model\.angles has shape \(4, 3\).* here 3, or with 1"):
        Gradients(model, ExpectedLoss(), world.world(), False)


def test_what_was_replaced_is_noticed_whoever_looks_first() -> None:
    """A recorded graph reads the tensors that it was recorded with."""
    engine, at = ensemble("terms", jit=False), torch.tensor(0)
    engine.changed(at)
    assert not engine.changed(at)
    with torch.no_grad():
        engine.module.model.W.mul_(2)
        assert not engine.changed(at), "in place"
        engine.module.model.W = torch.nn.Parameter(engine.module.model.W.clone())
        next(engine.steps(at))
        assert engine.changed(at) and not engine.changed(at)
    engine.module.model.b.requires_grad_(False)
    assert engine.changed(at) and not engine.changed(at)
