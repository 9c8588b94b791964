"""Sweeps: every point once, whoever works on it and whoever is killed."""

import contextlib
import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest
from filelock import Timeout

from tests._run import environment
from toysuper.cli import collect
from toysuper.cli.main import main
from toysuper.cli.sweep.axis import Axis, parse_axis
from toysuper.cli.sweep.run import _drop_options, make_sweep_parser
from toysuper.cli.sweep.storage import acquire_lock
from toysuper.cli.sweep.sweep import Sweep
from toysuper.errors import UserError

RUN = """
model: {variant: {class_path: LinearModel, init_args: {hidden: 2}}, jit: false}
data: {n: 4, grid: {density: [1.0, 0.3]}, batch_size: 8, epoch: 10, eval_batches: 1}
trainer: {max_steps: 20, accelerator: cpu, enable_progress_bar: false}
claims: {check: [toysuper.claims.invariance]}
"""
MANY = tuple(f"--axis={key}={list(range(100))}" for key in "abcd")
SWEEP = ("sweep", "--config", "small.yaml", "--axis", "model.variant.hidden=[1, 2]")


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


@pytest.mark.slow
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
    assert len(list(tmp_path.rglob("[0-9]"))) == 2
    with contextlib.chdir(tmp_path):
        main([*SWEEP])
    assert len(list(tmp_path.rglob("[0-9]"))) == 2, "what is done is left alone"
    rows = table(tmp_path)
    assert [row["model.variant.init_args.hidden"] for row in rows] == ["1", "1", "2", "2"]
    assert {row["claim INV"] for row in rows} == {"holds"} and rows[0]["density"] == "1.0"
    assert all(float(row["held_out_loss"]) > 0 for row in rows)


@pytest.mark.slow
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_sweep_alone_ends_its_runs(signum: int, tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(RUN)
    sweep = start(tmp_path, "--trainer.max_steps=1000000")
    while not list(tmp_path.rglob("*.ckpt")):
        time.sleep(0.1)
    sweep.send_signal(signum)
    said, _ = sweep.communicate(timeout=60)  # its runs hold the pipe, too
    assert sweep.returncode == 1 and not list(tmp_path.rglob("instances.csv"))
    assert "with --ckpt_path last goes on" in next(tmp_path.rglob("output.txt")).read_text(), said


HOLDER = """
import subprocess, sys
from pathlib import Path
from unittest.mock import Mock
from toysuper.cli.sweep.storage import acquire_lock, descriptors
lock = acquire_lock(Path(sys.argv[1]), Path(sys.argv[1], "hidden=1"))
run = subprocess.Popen(["sleep", "60"], pass_fds=descriptors(lock))
print(run.pid, flush=True)
run.wait()
"""


def test_a_point_is_free_once_its_worker_and_its_run_have_ended(tmp_path: Path) -> None:
    """A killed worker leaves its run, which goes on."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    worker = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)
    run = int(worker.stdout.readline())
    with pytest.raises(Timeout):
        acquire_lock(tmp_path, tmp_path / "hidden=1")
    worker.kill()
    worker.wait()
    with pytest.raises(Timeout):
        acquire_lock(tmp_path, tmp_path / "hidden=1")
    os.kill(run, signal.SIGKILL)
    worker.communicate()  # returns when the run has closed its output
    for _ in range(2):  # and what is released is free
        with acquire_lock(tmp_path, tmp_path / "hidden=1"), pytest.raises(Timeout):
            acquire_lock(tmp_path, tmp_path / "hidden=1")


@pytest.mark.slow
def test_a_failure_is_reported_and_a_name_belongs_to_one_sweep(tmp_path: Path, capsys) -> None:
    (tmp_path / "small.yaml").write_text(RUN)
    with contextlib.chdir(tmp_path):
        with pytest.raises(SystemExit, match="1"):
            main([*SWEEP[:3], "--axis=model.variant.hidn=[1]", "--name=other"])
        said = capsys.readouterr().out
        assert "0 points done, 1 failed" in said
        assert "LinearModel takes no 'hidn' (command line). Did you mean 'hidden'?" in said
        with pytest.raises(SystemExit, match=r"with other axes .* give this one a --name"):
            main([*SWEEP[:3], "--axis=data.seed=[1]", "--name=other"])


@pytest.fixture
def trained(tmp_path: Path, monkeypatch) -> Iterator[list[dict[str, str]]]:
    """The points that a sweep in this process comes to; those of ``bad`` values fail."""
    points: list[dict[str, str]] = []

    def train(self: Sweep, point: dict[str, str], lock: object) -> float | None:
        time.sleep(0.01)
        points.append(point)
        run = self.points.point_folder(point) / "small" / "0"
        run.mkdir(parents=True, exist_ok=True)
        (run.parents[1] / "output.txt").write_text("no good")
        (run / "config.yaml").write_text("model: {}")
        (run / "instances.csv").write_text("held_out_loss\n0.5\n")
        return None if "bad" in point.values() else float(len(points))

    (tmp_path / "small.yaml").write_text(RUN)
    monkeypatch.setattr(Sweep, "train", train)
    monkeypatch.chdir(tmp_path)
    yield points


def test_a_search_ends_though_points_fail_or_come_again(trained) -> None:
    whole = "--axis=model.variant.hidden={low: 1, high: 2}"
    main([*SWEEP[:3], whole, "--trials=5", "--jobs=2"])
    assert 2 <= len(trained) <= 5
    trained.clear()
    both = ("--axis=model.variant.init={low: 0.1, high: 2}", "--axis=data.task=[bad]")
    with pytest.raises(SystemExit):
        main([*SWEEP[:3], *both, "--trials=3", "--name=b"])
    assert len(trained) == 3


def test_a_sweep_can_grow_and_tries_again_what_failed(trained) -> None:
    with pytest.raises(SystemExit):
        main([*SWEEP[:3], "--axis=data.seed=[1, bad]"])
    with pytest.raises(SystemExit):
        main([*SWEEP[:3], "--axis=data.seed=[1, bad, 2]"])
    assert [point["data.seed"] for point in trained] == ["1", "bad", "bad", "2"]
    Path("small.yaml").write_text(RUN.replace("n: 4", "n: 5"))
    with pytest.raises(SystemExit, match="other configs"):
        main([*SWEEP[:3], "--axis=data.seed=[1]"])


def test_a_point_without_a_name_yet_is_taken_up(trained) -> None:
    """A process was killed just after it had asked for a point."""
    options, fit = make_sweep_parser().parse_known_args([*SWEEP[1:]])
    Sweep(options, fit).points.study.ask()
    main([*SWEEP])
    assert sorted(point["model.variant.hidden"] for point in trained) == ["1", "2"]


def test_a_point_with_a_diverged_model_is_no_minimum(trained) -> None:
    sweep = Sweep(*make_sweep_parser().parse_known_args([*SWEEP[1:]]))
    Path("instances.csv").write_text("held_out_loss\n0.5\n0.7\n")
    assert sweep._mean(Path()) == pytest.approx(0.6)
    Path("instances.csv").write_text("held_out_loss\nnan\n0.001\n")
    assert sweep._mean(Path()) == float("inf")
    Path("instances.csv").unlink()
    assert sweep._mean(Path()) is None


@pytest.mark.parametrize("link", ["hidden=1", "hidden=1/.point", "hidden=1/output.txt"])
def test_no_link_leads_a_sweep_out_of_its_folder(link: str, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "small.yaml").write_text(RUN)
    monkeypatch.chdir(tmp_path)
    precious = tmp_path / "precious"
    precious.mkdir() if link == "hidden=1" else precious.write_text("precious")
    path = tmp_path / "runs" / "small_sweep" / link
    path.parent.mkdir(parents=True)
    path.symlink_to(precious)
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: Mock(wait=lambda: 1))
    with pytest.raises(SystemExit):
        main([*SWEEP])
    assert precious.is_dir() or precious.read_text() == "precious"
    assert precious.is_file() or not list(precious.iterdir())


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("--config", "intro"), "a sweep needs an axis"),
        (("--config", "intro", "--axis", "model.variant.hidden"), "neither a list nor a range"),
        (("--config", "intro", "--axis", "x={low: 2, high: 1}"), "neither a list nor a range"),
        (("--config", "intro", "--axis", "x={low: 0, high: 1, log: true}"), "neither a list"),
        (
            ("--config", "intro", "--axis", "x={low: 1e-2, high: 1e-4}"),
            "neither a list nor a range",
        ),
        (
            ("--config", "intro", "--axis", "x=[1]", "--name=../up"),
            "not the plain name of a folder",
        ),
        (("--config", "intro", "--axis", "x=[1]", "--trials=3"), "it needs a range"),
        (("--config", "intro", "--axis", "x={low: 0, high: 1}"), "--trials says how many"),
        (("--config", "intro", "--axis", "x=[1]", "--jobs=0"), "are at least 1"),
        (("--config", "nothing", "--axis", "x=[1]"), "neither a file nor one of"),
        (("--config", "intro", *MANY), "100,000,000 points are more than"),
    ],
)
def test_bad_sweeps_get_one_sentence(args, sentence: str, tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path), pytest.raises(SystemExit, match=sentence):
        main(["sweep", *args])


def test_axes() -> None:
    assert parse_axis("a.b=[x, 1, null, [1, 2]]") == Axis("a.b", ("x", "1", "null", "[1, 2]"))
    assert parse_axis("a={low: 1, high: 9}") == Axis("a", (), 1, 9)
    assert parse_axis("a={low: 1e-4, high: 1e-2, log: true}") == Axis("a", (), 1e-4, 1e-2, True)
    assert list(_drop_options(["--a", "b", "--c=d", "e"], "--a", "--c")) == ["e"]


def test_collect_wants_runs_that_have_ended(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a folder"):
        collect.collect(tmp_path / "none")
    run = tmp_path / "a" / "0"
    run.mkdir(parents=True)
    (run / "config.yaml").write_text("model: {variant: {hidden: 2}}\ndata: null\ntrainer: {x: 1}")
    with pytest.raises(UserError, match="holds no run that has ended"):
        collect.collect(tmp_path)
    (run / "instances.csv").write_text("seed,loss\n0,0.5\n1,nan\n")
    (run / "claims.csv").write_text("name,statement,expected,measured,holds\nA,s,1,1,FAILS\n")
    (tmp_path / "linked").symlink_to(run)
    assert collect.collect(tmp_path) == [
        {
            "run": "a/0",
            "model.variant.hidden": 2,
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
