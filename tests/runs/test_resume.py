"""A run that is stopped, however roughly, ends as the run that was not."""

import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from tests._run import ended, forked, toysuper

RUN = """
model:
  variant: {class_path: ReLUOutputModel, init_args: {hidden: 2}}
  jit: false
  schedule: {class_path: Cosine, init_args: {warmup: 0.1}}
data:
  {n: 4, grid: {density: [1.0, 0.3], seed: [0, 1]}, batch_size: 64, epoch: 20, burst: 7,
   eval_batches: 2, eval_batch_size: 64}
trainer: {max_steps: 120, precision: 64-true, enable_progress_bar: false, accelerator: cpu}
history: {num: 8}
claims: {check: [toysuper.claims.invariance]}
"""
FIT = ("fit", "--config", "small.yaml", "--ckpt_path", "last")
TRIALS = int(os.environ.get("TOYSUPER_TRIALS", "1"))


def start(folder: Path) -> Path:
    folder.mkdir()
    (folder / "small.yaml").write_text(RUN)
    return folder


def left(folder: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What the only run of a folder left: its last checkpoint, and its tables."""
    (run,) = (folder / "runs" / "small").iterdir()
    (path,) = (run / "checkpoints").glob("*step=120.ckpt")
    assert not list(run.rglob("*.part"))
    return torch.load(path, weights_only=True), {p.name: p.read_bytes() for p in run.glob("*.csv")}


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> tuple[float, Any]:
    """How long a run takes that nobody stops, and what it leaves."""
    folder = start(tmp_path_factory.mktemp("straight") / "run")
    assert ended(forked("--version", cwd=folder)) == 0  # the first one waits for the imports
    begin = time.monotonic()
    assert ended(forked(*FIT, cwd=folder)) == 0
    return time.monotonic() - begin, left(folder)


def assert_same(one: Any, other: Any) -> None:
    (ours, tables), (theirs, their_tables) = one, other
    assert tables == their_tables and {"instances.csv", "claims.csv"} <= tables.keys()
    for name in ("state_dict", "optimizer_states", "lr_schedulers", "global_step", "callbacks"):
        assert_equal(ours[name], theirs[name], name)


def assert_equal(one: Any, other: Any, name: str) -> None:
    if isinstance(one, dict):
        assert one.keys() == other.keys(), name
        one, other = list(one.values()), [other[key] for key in one]
    if isinstance(one, torch.Tensor):
        assert torch.equal(one.nan_to_num(7e7), other.nan_to_num(7e7)), name
    elif isinstance(one, list | tuple):
        for k, (a, b) in enumerate(zip(one, other, strict=True)):
            assert_equal(a, b, f"{name}.{k}")
    else:
        assert one == other, name


@pytest.mark.parametrize("trial", range(TRIALS))
def test_killed_at_random_moments(trial: int, straight: Any, tmp_path: Path) -> None:
    """Twice by SIGKILL, anywhere between the first import and the last table."""
    seconds, expected = straight
    folder, moments = start(tmp_path / "run"), random.Random(trial)
    for _ in range(2):
        process = forked(*FIT, cwd=folder)
        time.sleep(moments.uniform(0, seconds))
        process.kill()
        ended(process)
    assert ended(forked(*FIT, cwd=folder)) == 0
    assert_same(left(folder), expected)


WITHIN = {
    "validation": "on_validation_batch_start",
    "the end of a validation": "on_validation_end",
    "a checkpoint's making": "on_save_checkpoint",
    "the last step": "on_train_end",
}


def kill_once(where: str) -> str:
    """A module whose callback kills its process at the second chance, the first time it runs."""
    code = (
        "import os, signal\nfrom pathlib import Path\nfrom lightning.pytorch import Callback\n"
        "chances = []\n"
        "def kill(*_):\n"
        "    chances.append(1)\n"
        "    if len(chances) == 2 and not Path('killed').exists():\n"
        "        Path('killed').touch()\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "class Kills(Callback):\n    takes_bursts = True\n"
    )
    if where == "a checkpoint's writing":
        return (
            f"{code}    def setup(self, *_, **__):\n        import toysuper.runs.files as f\n"
            "        f.os.fsync = lambda n, sync=f.os.fsync: (kill(), sync(n))\n"
        )
    last = "chances.append(1); " if WITHIN[where] == "on_train_end" else ""
    return f"{code}    def {WITHIN[where]}(self, *_):\n        {last}kill()\n"


@pytest.mark.slow
@pytest.mark.parametrize("where", [*WITHIN, "a checkpoint's writing"])
def test_killed_within(where: str, straight: Any, tmp_path: Path) -> None:
    folder = start(tmp_path / "run")
    (folder / "kills.py").write_text(kill_once(where))
    kills = ("--allow=kills", "--trainer.callbacks", '{"class_path": "kills.Kills"}')
    assert ended(forked(*FIT, *kills, cwd=folder)) == -signal.SIGKILL
    assert (folder / "killed").exists()
    assert ended(forked(*FIT, cwd=folder)) == 0
    assert_same(left(folder), straight[1])


def test_control_another_seed_is_another_run(straight: Any, tmp_path: Path) -> None:
    folder = start(tmp_path / "run")
    assert ended(forked(*FIT, "--data.seed=1", cwd=folder)) == 0
    with pytest.raises(AssertionError):
        assert_same(left(folder), straight[1])


@pytest.mark.parametrize(
    ("asked", "stopped", "signum"), [(28, 31, "SIGTERM"), (15, 20, "SIGTERM"), (28, 31, "SIGINT")]
)
def test_a_signal_saves_at_the_next_burst_and_says_how_to_go_on(
    asked: int, stopped: int, signum: str, straight: Any, tmp_path: Path
) -> None:
    """Where an epoch ends, after its validation."""
    folder = start(tmp_path / "run")
    (folder / "asks.py").write_text(
        "import os, signal\nfrom lightning.pytorch import Callback\n"
        "class Asks(Callback):\n    takes_bursts = True\n"
        "    def on_train_batch_start(self, trainer, *_):\n"
        f"        if trainer.global_step == {asked}: os.kill(os.getpid(), signal.{signum})\n"
    )
    asks = ("--allow=asks", "--trainer.callbacks", '{"class_path": "asks.Asks"}')
    assert ended(forked(*FIT, *asks, cwd=folder)) == 128 + signal.Signals[signum]
    assert (folder / "said.txt").read_text().strip().splitlines()[-1] == (
        f"toysuper: stopped at step {stopped}; the same command with --ckpt_path last "
        "goes on from there"
    )
    (run,) = (folder / "runs" / "small").iterdir()
    assert list((run / "checkpoints").glob(f"*-step={stopped}.ckpt"))
    assert ended(forked(*FIT, cwd=folder)) == 0
    assert_same(left(folder), straight[1])
    assert yaml.safe_load((run / "config.yaml").read_text())["ckpt_path"] is None, "made by itself"


HOOKS = {
    "on_train_batch_start": "trainer.global_step == 31",
    "on_train_batch_end": "trainer.global_step >= 31",
    "on_validation_epoch_end": "trainer.global_step == 40",
    "on_validation_end": "trainer.global_step == 40",
    "on_train_epoch_end": "trainer.current_epoch == 2",
    "on_train_end": "True",
    "on_save_checkpoint": "trainer.global_step == 40",
}


FAST = ("on_train_batch_end", "on_train_end")
EACH = [hook if hook in FAST else pytest.param(hook, marks=pytest.mark.slow) for hook in HOOKS]


@pytest.mark.parametrize("hook", EACH)
def test_an_error_anywhere_costs_no_step(hook: str, straight: Any, tmp_path: Path) -> None:
    folder = start(tmp_path / "run")
    (folder / "asks.py").write_text(
        "from lightning.pytorch import Callback\n"
        "class Asks(Callback):\n    takes_bursts = True\n"
        f"    def {hook}(self, trainer, *_):\n"
        f"        if {HOOKS[hook]}: raise RuntimeError('a fault')\n"
    )
    asks = ("--allow=asks", "--trainer.callbacks", '{"class_path": "asks.Asks"}')
    assert ended(forked(*FIT, *asks, cwd=folder)) == 1
    steps = [int(path.stem.rpartition("=")[2]) for path in folder.rglob("*.ckpt")]
    assert max(steps) >= (20 if hook == "on_save_checkpoint" else 31)
    assert ended(forked(*FIT, cwd=folder)) == 0
    assert_same(left(folder), straight[1])


def test_a_damaged_checkpoint_is_refused_and_the_one_before_it_offered(
    straight: Any, tmp_path: Path
) -> None:
    folder = start(tmp_path / "run")
    assert ended(forked(*FIT, cwd=folder)) == 0
    newest = next(folder.rglob("*step=120.ckpt"))
    whole = newest.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:3000] + b"?" + whole[3001:], b""):
        newest.write_bytes(damaged)
        refused = toysuper(*FIT, cwd=folder)
        assert refused.returncode == 1 and len(refused.stderr.strip().splitlines()) == 1
        assert "cannot be read" in refused.stderr
        assert "this one can be read: --ckpt_path 'runs/small/0/checkpoints/" in refused.stderr
    newest.unlink()
    assert ended(forked(*FIT, cwd=folder)) == 0
    assert_same(left(folder), straight[1])


def test_what_others_keep_is_theirs(tmp_path: Path) -> None:
    folder = start(tmp_path / "run")
    own = "{class_path: lightning.pytorch.callbacks.ModelCheckpoint, init_args: {save_top_k: -1, "
    own += "every_n_train_steps: 1, filename: 'mine-{step}'}}"
    assert ended(forked(*FIT, "--trainer.callbacks", own, cwd=folder)) == 0
    assert len(list(folder.rglob("mine-*.ckpt"))) > 4
    assert len(list(folder.rglob("epoch=*.ckpt"))) == 2


def test_last_is_for_the_same_experiment(tmp_path: Path) -> None:
    folder = start(tmp_path / "run")
    assert ended(forked(*FIT, cwd=folder)) == 0
    refused = toysuper(*FIT, "--data.batch_size=32", cwd=folder)
    assert refused.returncode == 1
    assert "where data.batch_size is 64 and not 32; name the checkpoint" in refused.stderr
    longer = toysuper(*FIT, "--trainer.max_steps=140", cwd=folder)
    assert longer.returncode == 0, longer.stderr
    assert len(list((folder / "runs" / "small").iterdir())) == 1


def test_a_run_has_one_writer(tmp_path: Path) -> None:
    folder = start(tmp_path / "run")
    runs = [forked("fit", "--config", "small.yaml", cwd=folder) for _ in range(3)]
    assert [ended(run) for run in runs] == [0, 0, 0]
    runs = list((folder / "runs" / "small").iterdir())
    assert len(runs) == 3 and all((run / "claims.csv").is_file() for run in runs)


def test_last_leaves_a_running_run_alone(tmp_path: Path) -> None:
    from toysuper.runs.folder import acquire_lock

    folder = start(tmp_path / "run")
    assert ended(forked(*FIT, cwd=folder)) == 0
    lock = acquire_lock(folder / "runs" / "small" / "0")
    refused = toysuper(*FIT, cwd=folder)
    lock.release()
    assert refused.returncode == 1
    assert "another process is writing runs/small/0" in refused.stderr


def test_no_link_leads_a_run_out_of_its_root(tmp_path: Path) -> None:
    folder = start(tmp_path / "run")
    (tmp_path / "elsewhere").mkdir()
    (folder / "runs").mkdir()
    (folder / "runs" / "small").symlink_to(tmp_path / "elsewhere")
    for command in (FIT, FIT[:3]):
        refused = toysuper(*command, cwd=folder)
        assert refused.returncode == 1
        assert "runs/small leads to" in refused.stderr
    (folder / "runs" / "small").unlink()
    (folder / "runs" / "small").mkdir()
    (folder / "runs" / "small" / "3").symlink_to(tmp_path / "elsewhere")
    assert "3 leads to" in toysuper(*FIT, cwd=folder).stderr
    assert not list((tmp_path / "elsewhere").iterdir())
