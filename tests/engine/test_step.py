import subprocess
import sys

import pytest
import torch

from tests._run import ROOT
from toysuper.engine import clip
from toysuper.engine.step import Compiled

TRAINED = """
import torch, warnings
warnings.simplefilter("error", UserWarning)
warnings.filterwarnings("ignore", message=".*LeafSpec")
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
from tests._run import data, fitted

grid = {"density": [1.0, 0.1], "activation": ["relu", "identity"]}
eager = fitted(data(grid=grid), 200)
fast = fitted(data(grid=grid), 200, jit=True)
error = float((eager.W - fast.W).abs().max().detach())
assert error < 1e-12, error
alone = fitted(data(grid={"density": [0.1], "activation": ["relu"]}), 200, jit=True)
assert torch.equal(alone.W[0], fast.W[2]), "compiled instances see each other"
many = [fitted(data(), 2, jit=True) for _ in range(7)]  # more than torch compiles of one
graphs = torch._dynamo.utils.counters["stats"]["unique_graphs"]
assert graphs == 18, f"{graphs} graphs instead of two for each of 9 runs: step and validation"
"""


@pytest.mark.slow
def test_compiled_training_equals_eager_training() -> None:
    """In a process of its own, which counts its graphs."""
    subprocess.run([sys.executable, "-c", TRAINED], cwd=ROOT, check=True)


CHANGING = """
import torch
from toysuper.engine.step import Compiled

class Model(torch.nn.Module):
    factor = 2.0
model = Model()
step = Compiled(lambda parameters, buffers, at: (parameters["W"] * model.factor + at,))
W, at = torch.ones(3), torch.tensor(0)
call, first = step.bind_inputs({"W": W}, {}, at)
at += 5
W += 1
assert call()[0].tolist() == [9.0, 9.0, 9.0], "a bound call reads its tensors in place"
assert call is step.last_call, "the bound call still passes the guards"
model.factor = 3.0
call, first = step.bind_inputs({"W": W}, {}, at)
assert first[0].tolist() == call()[0].tolist() == [11.0, 11.0, 11.0], "stale Python state"
"""


@pytest.mark.slow
def test_a_bound_call_skips_the_guards_until_it_is_bound_again() -> None:
    subprocess.run([sys.executable, "-c", CHANGING], cwd=ROOT, check=True)


def test_without_a_compiler_it_trains_eagerly_after_one_warning(monkeypatch) -> None:
    def no_compiler(*_, **__):
        def fail(*_):
            raise RuntimeError("No working C++ compiler found\nlong story")

        return fail

    monkeypatch.setattr(torch, "compile", no_compiler)
    step = Compiled(lambda parameters, buffers, at: (at + 1,))
    with pytest.warns(UserWarning, match=r"eagerly.*No working C\+\+ compiler found\)$"):
        call, first = step.bind_inputs({}, {}, torch.tensor(1))
    assert first == call() == (torch.tensor(2),)


def test_a_fault_in_the_model_is_not_taken_for_a_missing_compiler(monkeypatch) -> None:
    def fault(*_):
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr(torch, "compile", lambda step, **_: step)
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        Compiled(fault)({}, {}, torch.tensor(0))


def test_clip_scales_each_instance_to_the_limit() -> None:
    W = torch.ones(3, 2, 2) * torch.tensor([0.1, 1, 0]).view(3, 1, 1)
    clip([W, torch.zeros(3, 2)], 1.0)
    torch.testing.assert_close(W.flatten(1).norm(dim=1), torch.tensor([0.2, 1.0, 0.0]))
