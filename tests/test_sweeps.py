"""Sweeps: every point once, whoever works on it and whoever is killed."""

import contextlib
import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests._run import environment
from toysuper import collect
from toysuper.command import main
from toysuper.errors import UserError
from toysuper.sweeps import Axis, _without, axis

RUN = """
model: {class_path: toysuper.models.LinearModel, init_args: {hidden: 2, jit: false}}
data: {n: 4, grid: {density: [1.0, 0.3]}, batch_size: 8, epoch: 10, eval_batches: 1}
trainer: {max_steps: 20, accelerator: cpu, enable_progress_bar: false}
claims: {check: [toysuper.claims.invariance]}
"""
MANY = tuple(f"--axis={key}={list(range(100))}" for key in "abcd")
SWEEP = ("sweep", "--config", "small.yaml", "--axis", "model.hidden=[1, 2]")


def start(folder: Path, *args: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "toysuper", *SWEEP, *args],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def table(folder: Path) -> list[dict[str, str]]:
    return list(
        csv.DictReader((folder / "runs/small_sweep/collected.csv").read_text().splitlines())
    )


def test_two_sweeps_share_the_points_and_a_killed_one_is_taken_up(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(RUN)
    killed = start(tmp_path)
    while not list(tmp_path.rglob("output.txt")):
        time.sleep(0.02)
    os.killpg(killed.pid, signal.SIGKILL)  # with the run that it had started
    killed.communicate()
    sweeps = [start(tmp_path), start(tmp_path)]
    said = [sweep.communicate(timeout=60)[0] for sweep in sweeps]
    assert [sweep.returncode for sweep in sweeps] == [0, 0], said
    for hidden in "12":
        assert "".join(said).count(f"hidden={hidden}: ") == 1, "each by one of them"
    assert len(list(tmp_path.rglob("version_*"))) == 2
    with contextlib.chdir(tmp_path):
        main([*SWEEP])
    assert len(list(tmp_path.rglob("version_*"))) == 2, "what is done is left alone"
    rows = table(tmp_path)
    assert [row["model.init_args.hidden"] for row in rows] == ["1", "1", "2", "2"]
    assert {row["claim INV"] for row in rows} == {"holds"} and rows[0]["density"] == "1.0"
    assert all(float(row["held_out_loss"]) > 0 for row in rows)


def test_a_range_is_searched_and_a_failure_is_told(tmp_path: Path, capsys) -> None:
    (tmp_path / "small.yaml").write_text(RUN)
    search = (*SWEEP[:3], "--axis", "model.init={low: 0.1, high: 1.0, log: true}", "--trials=1")
    with contextlib.chdir(tmp_path):
        main([*search])
        assert "1 points done, 0 failed" in capsys.readouterr().out
        with pytest.raises(SystemExit, match="1"):
            main([*SWEEP[:3], "--axis=model.hidn=[1]", "--name=other"])
        said = capsys.readouterr().out
        assert "0 points done, 1 failed" in said
        assert "LinearModel takes no 'hidn'. Did you mean 'hidden'?" in said
        with pytest.raises(SystemExit, match=r"is a sweep of .* give this one a --name"):
            main([*SWEEP[:3], "--axis=data.seed=[1]", "--name=other"])


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("--config", "intro"), "a sweep needs an axis"),
        (("--config", "intro", "--axis", "model.hidden"), "neither a list nor a range"),
        (("--config", "intro", "--axis", "x={low: 2, high: 1}"), "neither a list nor a range"),
        (("--config", "intro", "--axis", "x=[1]", "--trials=3"), "it needs a range"),
        (("--config", "intro", "--axis", "x={low: 0, high: 1}"), "--trials says how many"),
        (("--config", "nothing", "--axis", "x=[1]"), "neither a file nor one of"),
        (("--config", "intro", *MANY), "100,000,000 points are more than"),
    ],
)
def test_bad_sweeps_get_one_sentence(args, sentence: str, tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path), pytest.raises(SystemExit, match=sentence):
        main(["sweep", *args])


def test_axes() -> None:
    assert axis("a.b=[x, 1, 1.5, null, [1, 2]]") == Axis("a.b", ("x", "1", "1.5", "null", "[1, 2]"))
    assert axis("a={low: 1, high: 9}") == Axis("a", (), 1, 9)
    assert list(_without(["--a", "b", "--c=d", "e"], "--a", "--c")) == ["e"]


def test_collect_wants_runs_that_have_ended(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a folder"):
        collect.collect(tmp_path / "none")
    run = tmp_path / "a" / "version_0"
    run.mkdir(parents=True)
    (run / "config.yaml").write_text("model: {init_args: {hidden: 2}}\ndata: null\ntrainer: {x: 1}")
    with pytest.raises(UserError, match="holds no run that has ended"):
        collect.collect(tmp_path)
    (run / "instances.csv").write_text("seed,loss\n0,0.5\n1,nan\n")
    (run / "claims.csv").write_text("name,statement,expected,measured,holds\nA,s,1,1,FAILS\n")
    (tmp_path / "linked").symlink_to(run)
    assert collect.collect(tmp_path) == [
        {
            "run": "a/version_0",
            "model.init_args.hidden": 2,
            "trainer.x": 1,
            "seed": seed,
            "loss": loss,
            "claim A": "FAILS",
        }
        for seed, loss in (("0", "0.5"), ("1", "nan"))
    ]
    with pytest.raises(UserError, match=r"neither in .csv nor in .parquet"):
        collect.write_table(tmp_path / "table.xls", [])


def test_parquet_holds_the_same_table(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    collect.write_table(tmp_path / "t.parquet", [{"run": "a", "loss": 0.5}, {"run": "b"}])
    assert parquet.read_table(tmp_path / "t.parquet").to_pylist() == [
        {"run": "a", "loss": 0.5},
        {"run": "b", "loss": None},
    ]
