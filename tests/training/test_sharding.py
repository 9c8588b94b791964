"""Several processes give what one gives; gloo, on CPU."""

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from tests._run import (
    FORKS,
    data,
    ended,
    environment,
    forked,
    free_port,
    module,
    snapshot_of,
    srun,
    together,
    torchrun,
    trainer,
)
from toysuper.runs.checkpoints import list_checkpoints
from toysuper.training.sharding import EnsembleShardStrategy

RUN = """
model: {variant: {class_path: ReLUOutputModel, init_args: {hidden: 2}}, jit: false, clip: 0.1}
data:
  {n: 4, grid: {density: [1.0, 0.3, 0.1, 0.03, 0.01], activation: [relu, identity]},
   batch_size: 12, epoch: 8, burst: 3, eval_batches: 2, eval_batch_size: 24}
trainer: {max_steps: 20, precision: 64-true, enable_progress_bar: false}
history: {num: 4}
claims: {check: [toysuper.claims.invariance]}
figures: {draw: [toysuper.figures.gram]}
"""
FIT = ("fit", "--config", "small.yaml")
TRIALS = int(os.environ.get("TOYSUPER_TRIALS", "1"))
SHARD = (*FIT, "--trainer.strategy=ensemble_shard")


def start(folder: Path) -> Path:
    folder.mkdir()
    (folder / "small.yaml").write_text(RUN)
    return folder


def left(folder: Path, version: int = 0) -> tuple[dict[str, Any], list[bytes]]:
    """The last checkpoint and the tables of a run."""
    run = folder / "runs" / "small" / f"{version}"
    tables = [(run / name).read_bytes() for name in ("instances.csv", "claims.csv")]
    assert (run / "figures" / "gram.png").is_file()
    return torch.load(list_checkpoints(run / "checkpoints")[0], weights_only=True), tables


def states(checkpoint: dict[str, Any]) -> list[torch.Tensor]:
    """Weights, what the optimiser keeps, and the history."""
    kept = checkpoint["optimizer_states"][0]["state"].values()
    history = checkpoint["callbacks"]["History"]
    tensors = [*checkpoint["state_dict"].values(), *(v for state in kept for v in state.values())]
    return [*tensors, history["loss"], *history["model"].values()]


def assert_same(one: Any, other: Any, **tolerance: float) -> None:
    assert one[1] == other[1]
    for a, b in zip(states(one[0]), states(other[0]), strict=True):
        torch.testing.assert_close(a, b, equal_nan=True, **(tolerance or {"rtol": 0, "atol": 0}))


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One process."""
    folder = start(tmp_path_factory.mktemp("alone") / "run")
    assert ended(forked(*FIT, "--trainer.accelerator=cpu", cwd=folder)) == 0
    return left(folder)


@pytest.mark.parametrize(
    ("nodes", "per_node"), [(1, 1), pytest.param(1, 2, marks=pytest.mark.slow), (1, 3)]
)
def test_shards_are_bit_for_bit_the_whole(nodes, per_node, alone: Any, tmp_path: Path) -> None:
    """10 instances on 1, 2 and 3 ranks, which is uneven."""
    folder = start(tmp_path / "run")
    assert together(*SHARD, cwd=folder, nodes=nodes, per_node=per_node) == [0] * nodes * per_node
    assert_same(left(folder), alone)
    assert [path.name for path in (folder / "runs" / "small").iterdir()] == ["0"]
    assert "INV" in (folder / "said0.txt").read_text()
    assert "Warning" not in "".join(path.read_text() for path in folder.glob("said*.txt"))


@pytest.mark.slow
@pytest.mark.parametrize(("preset", "by"), [("nodes", torchrun), ("slurm", srun)])
def test_presets_of_two_nodes(preset: str, by: Any, alone: Any, tmp_path: Path) -> None:
    folder = start(tmp_path / "run")
    assert together(*FIT, "--config", preset, cwd=folder, nodes=2, by=by) == [0, 0]
    assert_same(left(folder), alone)
    assert "Warning" not in "".join(path.read_text() for path in folder.glob("said*.txt"))


@pytest.mark.slow
def test_a_run_goes_on_with_another_number_of_ranks(alone: Any, tmp_path: Path) -> None:
    """Trained on 2, then on 3, then on 1, and by plain ddp on 2."""
    folder = start(tmp_path / "run")
    stages = ((2, 8, SHARD), (3, 12, SHARD), (1, 16, FIT))
    for ranks, steps, command in stages:
        go_on = (*command, f"--trainer.max_steps={steps}", "--ckpt_path=last", "--history.num=0")
        assert set(together(*go_on, cwd=folder, per_node=ranks)) == {0}
    ddp = (*FIT, "--trainer.strategy=ddp", "--ckpt_path=last", "--history.num=0")
    assert together(*ddp, cwd=folder, per_node=2) == [0, 0]
    ours, theirs = left(folder)[0], alone[0]
    torch.testing.assert_close(ours["state_dict"], theirs["state_dict"], rtol=1e-12, atol=1e-14)
    assert len(list((folder / "runs" / "small").iterdir())) == 1


@pytest.mark.slow
def test_ddp_is_one_process_with_the_whole_batch(alone: Any, tmp_path: Path) -> None:
    """The batch is split, gradients are averaged, and rank 0 alone writes."""
    folder = start(tmp_path / "run")
    ddp = (*FIT, "--trainer.strategy=ddp")
    assert together(*ddp, cwd=folder, per_node=2) == [0, 0]
    assert_same(left(folder), alone, rtol=1e-11, atol=1e-13)
    assert [path.name for path in (folder / "runs" / "small").iterdir()] == ["0"]


@pytest.mark.slow
def test_the_other_verbs_see_all_instances(alone: Any, tmp_path: Path) -> None:
    folder = start(tmp_path / "run")
    assert ended(forked(*FIT, "--trainer.accelerator=cpu", cwd=folder)) == 0
    for verb in ("validate", "predict"):
        command = (verb, *SHARD[1:], "--ckpt_path=last")
        assert together(*command, cwd=folder, per_node=3) == [0, 0, 0]
        run = folder / "runs" / "small" / f"{verb}_0"
        if verb == "validate":
            assert (run / "instances.csv").read_bytes() == alone[1][0]
        else:
            (path,) = run.glob("predictions*.pt")
            assert len(torch.load(path, weights_only=True)["reconstruction"]) == 10


@pytest.mark.slow
def test_sigterm_stops_all_ranks_at_one_step(alone: Any, tmp_path: Path) -> None:
    folder = start(tmp_path / "run")
    (folder / "asks.py").write_text(
        "import os, signal\nfrom lightning.pytorch import Callback\n"
        "class Asks(Callback):\n    takes_bursts = True\n"
        "    def on_train_batch_start(self, trainer, *_):\n"
        "        if trainer.global_step == 9 and trainer.global_rank == 1:\n"
        "            os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    asks = ("--allow=asks", "--trainer.callbacks", '{"class_path": "asks.Asks"}')
    assert together(*SHARD, *asks, cwd=folder, per_node=2) == [143, 143]
    assert "stopped at step 12" in (folder / "said0.txt").read_text()
    assert together(*SHARD, "--ckpt_path=last", cwd=folder, per_node=2) == [0, 0]
    assert_same(left(folder), alone)


FAILS = """
from lightning.pytorch import Callback
class Fails(Callback):
    takes_bursts = True
    def on_train_batch_start(self, trainer, *_):
        if trainer.global_step == 9 and str(trainer.global_rank) in "RANKS":
            raise RuntimeError("a fault")
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ranks", "strategy", "saved"),
    [("01", "ensemble_shard", 9), ("1", "ensemble_shard", 8), ("1", "ddp", 9)],
)
def test_an_error_leaves_the_last_weights(
    ranks: str, strategy: str, saved: int, alone: Any, tmp_path: Path
) -> None:
    """Shards that do not meet the error together cannot be put together: the last saved stay."""
    folder, fit = start(tmp_path / "run"), (*FIT, f"--trainer.strategy={strategy}")
    (folder / "fails.py").write_text(FAILS.replace("RANKS", ranks))
    fails = ("--allow=fails", "--trainer.callbacks", '{"class_path": "fails.Fails"}')
    assert together(*fit, *fails, cwd=folder, per_node=2) == [1, 1]
    newest, *_ = list_checkpoints(folder / "runs" / "small" / "0" / "checkpoints")
    assert newest.name.endswith(f"step={saved}.ckpt")
    assert together(*fit, "--ckpt_path=last", cwd=folder, per_node=2) == [0, 0]
    exact = strategy == "ensemble_shard"
    assert_same(left(folder), alone, **({} if exact else {"rtol": 1e-11, "atol": 1e-13}))


@pytest.mark.slow
def test_an_error_in_a_spawned_process_leaves_the_last_weights(alone: Any, tmp_path: Path) -> None:
    """Lightning calls no ``on_exception`` there."""
    folder = start(tmp_path / "run")
    (folder / "fails.py").write_text(FAILS.replace("RANKS", "1"))
    fails = ("--allow=fails", "--trainer.callbacks", '{"class_path": "fails.Fails"}')
    spawn = ("--trainer.strategy=ddp_spawn", "--trainer.devices=2", "--trainer.accelerator=cpu")
    assert ended(forked(*FIT, *spawn, *fails, cwd=folder)) == 1
    assert "RuntimeError: a fault" in (folder / "said.txt").read_text()
    assert len(list(folder.rglob("*-step=9.ckpt"))) == 1
    assert ended(forked(*FIT, *spawn, "--ckpt_path=last", cwd=folder)) == 0
    assert_same(left(folder), alone, rtol=1e-11, atol=1e-13)


@pytest.mark.slow
@pytest.mark.parametrize("trial", range(TRIALS))
def test_killed_ranks_go_on_to_the_bit(trial: int, alone: Any, tmp_path: Path) -> None:
    folder, moments = start(tmp_path / "run"), random.Random(trial)
    go_on = (*SHARD, "--ckpt_path=last")
    for _ in range(2):
        together(*go_on, cwd=folder, per_node=2, kill_after=moments.uniform(0, 4))
    assert together(*go_on, cwd=folder, per_node=2) == [0, 0]
    assert_same(left(folder), alone)


@pytest.mark.slow
def test_metrics_that_ranks_cannot_put_together_are_refused_by_all(tmp_path: Path) -> None:
    folder = start(tmp_path / "run")
    (folder / "counts.py").write_text(
        "import torch\nfrom torchmetrics import Metric\n"
        "class PerInstance(Metric):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.add_state('total', torch.zeros(()), dist_reduce_fx='sum')\n"
        "    def update(self, prediction, batch):\n"
        "        self.total = self.total + prediction.sum((1, 2))\n"
        "    def compute(self):\n"
        "        return self.total\n"
    )
    own = ("--allow=counts", "--model.metrics=[{class_path: counts.PerInstance}]")
    assert together(*SHARD, *own, cwd=folder, per_node=2) == [1, 1]
    assert "PerInstance keeps values of each instance" in (folder / "said0.txt").read_text()
    assert together(*FIT, *own, cwd=folder) == [0]


def train_and_look(rank: int, port: int, path: Path) -> None:
    """The Python API on one of two ranks: the model is whole after each use of the trainer."""
    given = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, **torchrun(rank, 1, 2)}
    os.environ |= {name: str(value) for name, value in given.items()}
    torch.set_default_dtype(torch.float64)
    world = data(grid={"seed": list(range(5))})
    toy = module(world)
    runner = trainer(20, strategy=EnsembleShardStrategy(), devices=2)
    runner.fit(toy, world)
    after = toy.snapshot(world)
    runner.validate(toy, world, verbose=False)
    assert torch.equal(after.loss, toy.snapshot(world).loss)
    assert torch.equal(after.W, toy.variant.W) and len(after) == len(toy.variant.W) == 5
    torch.save(after.loss, path / f"{rank}.pt")


def test_a_model_is_whole_again_after_training(tmp_path: Path) -> None:
    port = free_port()
    ranks = [FORKS.Process(target=train_and_look, args=(r, port, tmp_path)) for r in range(2)]
    for process in ranks:
        process.start()
    assert [ended(process) for process in ranks] == [0, 0]
    world = data(grid={"seed": list(range(5))})
    alone = snapshot_of(world).loss
    for rank in range(2):
        assert torch.equal(torch.load(tmp_path / f"{rank}.pt", weights_only=True), alone)


def test_more_ranks_than_instances_are_refused(tmp_path: Path) -> None:
    folder = start(tmp_path / "run")
    one = ("--data.grid={density: [1.0]}", "--model.variant.activation=relu")
    assert together(*SHARD, *one, cwd=folder, per_node=2) == [1, 1]
    said = (folder / "said0.txt").read_text()
    assert "1 instances cannot be shared out to 2 ranks" in said and "Traceback" not in said


@pytest.mark.slow
@pytest.mark.parametrize("by", ["lightning", "torchrun"])
def test_the_launchers(by: str, tmp_path: Path) -> None:
    """Lightning's own, and torchrun's, as a person starts them."""
    folder = start(tmp_path / "run")
    strategy = "ddp" if by == "lightning" else "ensemble_shard"
    fit = ["-m", "toysuper", "fit", "--config", "small.yaml", f"--trainer.strategy={strategy}"]
    cpu = ["--trainer.accelerator=cpu", "--trainer.devices=2"]
    run = ["-m", "torch.distributed.run", "--nproc-per-node=2", f"--master-port={free_port()}"]
    command = [sys.executable, *(run if by == "torchrun" else []), *fit, *cpu]
    done = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert (folder / "runs" / "small" / "0" / "instances.csv").is_file()
