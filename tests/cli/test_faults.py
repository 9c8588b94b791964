"""One model that diverges disturbs no other, is named, and is left out of averages."""

import csv
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests._run import FORKS, data, ended, fitted, module, snapshot_of, toysuper, trainer
from toysuper.callbacks.metrics import SnapshotMetrics
from toysuper.functional.losses import finite_mean
from toysuper.snapshot import Snapshot

pytestmark = pytest.mark.filterwarnings("ignore:by step .* diverged")
SOUND = {"importance": [1.0, 0.5], "seed": [0, 1]}
WITH_FAULT = {"importance": [1.0, 1e300, 0.5], "seed": [0, 1]}
RUN = """
model:
  variant: {class_path: ReLUOutputModel, init_args: {hidden: 2}}
  jit: false
  optimizer: {class_path: SGD, init_args: {lr: 0.1}}
data:
  n: 4
  grid: {importance: [1.0, 1.0e+30, 0.5], density: [1.0, 0.5]}
  epoch: 10
  eval_batches: 1
trainer: {max_steps: 20, accelerator: cpu}
figures: {draw: [toysuper.figures.gram]}
claims: {check: [toysuper.claims.invariance]}
history: {num: 3}
"""


def sgd(parameters):
    return torch.optim.SGD(parameters, lr=0.1)


def compare(**options: Any) -> None:
    torch.set_default_dtype(torch.float64)
    whole = fitted(data(grid=WITH_FAULT), optimizer=sgd, **options)
    sound = fitted(data(grid=SOUND), optimizer=sgd, **options)
    gone = "clip" not in options  # a clipped step is finite
    assert [not W.isfinite().all() for W in whole.W] == [False, False, gone, gone, False, False]
    assert torch.equal(whole.W[[0, 1, 4, 5]], sound.W)
    assert torch.equal(whole.b[[0, 1, 4, 5]], sound.b)


@pytest.mark.parametrize("options", [{}, {"clip": 1.0}])
def test_a_diverged_model_disturbs_no_other(options: dict[str, Any]) -> None:
    compare(**options)


@pytest.mark.slow
def test_nor_does_it_in_a_compiled_step() -> None:
    process = FORKS.Process(target=compare, kwargs={"jit": True})
    process.start()
    assert ended(process) == 0


def test_averages_leave_it_out_and_say_which() -> None:
    world = data(grid=WITH_FAULT)
    model = module(world, optimizer=sgd)
    with pytest.warns(UserWarning, match=r"diverged: 2 \(importance=1e\+300,seed=0;") as said:
        runner = trainer(20)
        runner.fit(model, world)
    named = [warning for warning in said if "diverged" in str(warning.message)]
    assert len(named) == 1, "each is named once"
    seen = runner.callback_metrics
    assert seen["val/diverged"] == 2
    snapshot = model.snapshot()
    assert snapshot.diverged.tolist() == [False, False, True, True, False, False]
    torch.testing.assert_close(seen["val/loss"], snapshot.without_diverged().loss.sum(-1).mean())
    assert math.isfinite(seen["train/loss"])


def test_whole_numbers_are_columns_too() -> None:
    def stored(snapshot: Snapshot) -> torch.Tensor:
        return (snapshot.W.norm(dim=1) > 0.5).sum(-1)

    world = data(grid=SOUND)
    snapshot = snapshot_of(world)
    assert {row["stored"] for row in SnapshotMetrics([stored]).rows(snapshot)} <= {*"01234"}


def test_a_loss_that_is_no_number_is_a_divergence_once_losses_are_known() -> None:
    world = data(grid=SOUND)
    snapshot = snapshot_of(world)
    lost = torch.tensor([[1.0], [torch.nan], [1.0], [1.0]])
    assert replace(snapshot, loss=lost.expand(4, 4)).diverged.tolist() == [0, 1, 0, 0]
    assert not replace(snapshot, loss=torch.full((4, 4), torch.nan)).diverged.any()


def test_nothing_is_left_out_where_nothing_diverged() -> None:
    world = data(grid=SOUND)
    snapshot = snapshot_of(world)
    assert snapshot.without_diverged() is snapshot
    assert finite_mean(torch.full((3,), torch.nan)).isnan()


def test_a_run_with_a_diverged_model_has_all_its_results(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(RUN)
    result = toysuper("fit", "--config", "small.yaml", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    which = r"2 (importance=1e+30,density=1; importance=1e+30,density=0.5) diverged"
    assert f"left out of averages, figures and claims: {which}" in result.stdout
    run = tmp_path / "runs" / "small" / "0"
    rows = list(csv.DictReader((run / "instances.csv").read_text().splitlines()))
    assert [row["represented"] == "nan" for row in rows] == [k in (2, 3) for k in range(6)]
    assert (run / "figures" / "gram.png").is_file()
    assert "holds" in (run / "claims.csv").read_text()


def test_a_run_of_which_every_model_diverged_ends_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(RUN.replace("[1.0, 1.0e+30, 0.5]", "[1.0e+30]"))
    result = toysuper("fit", "--config", "small.yaml", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "2 (importance=1e+30,density=1; importance=1e+30,density=0.5) diverged" in result.stdout
