"""A run folder is made by one call, and by no other."""

import pickle
from pathlib import Path

import pytest

from tests._run import ended, forked
from toysuper.errors import UserError
from toysuper.runs.folder import RunFolder, acquire_lock, list_runs

RUN = """
model: {variant: {class_path: LinearModel, init_args: {hidden: 2}}, jit: false}
data: {n: 4, batch_size: 8, epoch: 2, burst: 2, eval_batches: 1}
trainer: {max_steps: 4, accelerator: cpu, enable_progress_bar: false}
"""


def test_to_ask_for_the_path_makes_nothing(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, "intro")
    assert folder.version == "of_rank_0" and folder.log_dir == str(tmp_path / "intro" / "of_rank_0")
    assert not list(tmp_path.iterdir())


def test_a_claim_makes_locks_and_cleans(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, "intro")
    folder.claim()
    run = tmp_path / "intro" / "0"
    assert folder.version == "0" and Path(folder.log_dir) == run and run.is_dir()
    with pytest.raises(UserError, match="another process is writing"):
        acquire_lock(run)
    (run / "claims.csv").touch()
    (run / "x.png.1234.part").touch()
    folder.finalize("success")
    RunFolder(tmp_path, "intro", resumed=run).claim()
    assert not (run / "claims.csv").exists() and not list(run.glob("*.part"))


def test_folders_are_numbered_by_kind(tmp_path: Path) -> None:
    for prefix in ("", "", "test_", ""):
        RunFolder(tmp_path, "intro", prefix).claim()
    assert [run.name for run in list_runs(tmp_path / "intro")] == ["2", "1", "0"]
    assert [run.name for run in list_runs(tmp_path / "intro", "test_")] == ["test_0"]


def test_the_lock_stays_when_the_logger_is_sent_to_another_process(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, "intro")
    folder.claim()
    sent = pickle.loads(pickle.dumps(folder))
    assert sent.version == "0" and sent.lock is None
    sent.finalize("success")
    with pytest.raises(UserError, match="another process is writing"):
        acquire_lock(tmp_path / "intro" / "0")


@pytest.mark.slow
def test_processes_that_the_trainer_spawns_write_one_folder(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(RUN)
    spawn = ("--trainer.strategy=ddp_spawn", "--trainer.devices=2")
    code = ended(forked("fit", "--config=small.yaml", *spawn, cwd=tmp_path), 120)
    assert code == 0, (tmp_path / "said.txt").read_text()
    assert [run.name for run in (tmp_path / "runs" / "small").iterdir()] == ["0"]
    assert "wrote runs/small/0" in (tmp_path / "said.txt").read_text()
    assert (tmp_path / "runs" / "small" / "0" / "instances.csv").is_file()
