"""Where a config may let a run write, and how large its numbers may be."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from toysuper.cli.lightning import run
from toysuper.cli.parser import BadArguments
from toysuper.errors import UserError

QUICK = ("--trainer.max_steps=2", "--model.jit=false", "--claims.check=[]", "--figures.draw=[]")


def refused(*words: str, match: str) -> None:
    start = time.monotonic()
    with pytest.raises((UserError, BadArguments)) as error:
        run(["fit", "--config=intro", *QUICK, *words])
    assert match in str(getattr(error.value, "sentence", error.value))
    assert time.monotonic() - start < 20


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


CHECKPOINT = "--trainer.callbacks={class_path: ModelCheckpoint, init_args: {%s}}"
CSV = "--trainer.logger={class_path: CSVLogger, init_args: {%s}}"
OUTSIDE = {
    CHECKPOINT % "dirpath: ../elsewhere": "trainer.callbacks.dirpath",
    CHECKPOINT % "dirpath: elsewhere": "trainer.callbacks.dirpath",
    CHECKPOINT % 'filename: "../../../x"': "trainer.callbacks.filename",
    CHECKPOINT % "filename: /elsewhere/x": "trainer.callbacks.filename",
    "--trainer.callbacks=[{class_path: OnExceptionCheckpoint, init_args: {dirpath: ~/x}}]": "~/x",
    CSV % "save_dir: elsewhere": "trainer.logger.save_dir",
    CSV % "save_dir: runs, name: ../../x": "trainer.logger.name",
    CSV % "save_dir: runs, name: ../work/runs": "trainer.logger.name",
    CSV % "save_dir: runs, name: .": "trainer.logger.name",
    CSV % 'save_dir: "file:/elsewhere"': "trainer.logger.save_dir",
    CSV % 'save_dir: "local:runs"': "trainer.logger.save_dir",
    CHECKPOINT % "filename: '{epoch].__class__.__name__[0:/<1.0}tmp/x'": "callbacks.filename",
    CHECKPOINT % "filename: '{epoch:>3000000000}'": "trainer.callbacks.filename",
    CHECKPOINT % "filename: '{epoch!r}'": "trainer.callbacks.filename",
    CSV % 'save_dir: runs, version: ""': "trainer.logger.version",
    CSV % 'save_dir: "s3://bucket/x"': "trainer.logger.save_dir",
    CSV % 'save_dir: "~/x"': "trainer.logger.save_dir",
    CSV % 'save_dir: runs, name: "$HOME"': "trainer.logger.name",
    "--trainer.default_root_dir=$HOME/x": "trainer.default_root_dir",
    "--trainer.default_root_dir=~/x": "trainer.default_root_dir",
    CSV.replace("CSV", "TensorBoard") % "save_dir: runs, sub_dir: ../..": "trainer.logger.sub_dir",
    "--trainer.profiler={class_path: AdvancedProfiler, init_args: {dirpath: /else}}": "dirpath",
    "--trainer.profiler={class_path: PyTorchProfiler, dict_kwargs: {dirpath: /else}}": "dirpath",
}


@pytest.mark.parametrize(("word", "key"), OUTSIDE.items(), ids=range(len(OUTSIDE)))
def test_nothing_is_written_outside_of_the_root(word: str, key: str, folder: Path) -> None:
    refused(word, match=key)
    assert [*folder.parent.iterdir()] == [folder] and not [*folder.iterdir()]


@pytest.mark.parametrize(
    "text",
    [
        "trainer: {default_root_dir: ../x}",
        "trainer: {default_root_dir: /elsewhere/x}",
        "trainer: {default_root_dir: .}",
        "trainer: {default_root_dir: 'file:/elsewhere'}",
        "trainer: {default_root_dir: 's3://x'}",
    ],
)
def test_a_file_does_not_choose_a_root_elsewhere(text: str, folder: Path) -> None:
    Path("theirs.yaml").write_text(text)
    match = "(theirs.yaml, line 1) is"
    refused("--config=theirs.yaml", match=match)
    refused("--trainer.default_root_dir=runs", "--config=theirs.yaml", match=match)
    assert [*folder.parent.iterdir()] == [folder]


def test_the_command_line_does(folder: Path) -> None:
    Path("theirs.yaml").write_text("trainer: {default_root_dir: inner}")
    run(["fit", "--config=intro", "--config=theirs.yaml", *QUICK])
    assert Path("inner/intro/0/instances.csv").is_file()
    there = folder.parent / "there"
    run(
        [
            "fit",
            "--config=intro",
            *QUICK,
            f"--trainer.default_root_dir={there}",
            CSV % f"save_dir: {there}/x",
        ]
    )
    assert [*there.glob("x/**/metrics.csv")]


def test_a_time_is_no_folder(folder: Path) -> None:
    run(["fit", "--config=intro", *QUICK, "--trainer.max_time=00:01:00:00"])
    assert Path("runs/intro/0/instances.csv").is_file()


AXES = ", ".join(f"'importance[{k}]': [1.0, 0.5]" for k in range(22))
SETS = "--data.features={class_path: ActiveSets, init_args: "
HUGE = {
    "--data.grid={seed: {class_path: Range, init_args: {num: 5000000}}}": "grid axis 'seed'",
    f"--data.grid={{{AXES}}}": "number of instances of the grid is 4,194,304",
    "--data.batch_size=100000000": "data.batch_size",
    "--data.eval_batch_size=100000000": "data.eval_batch_size",
    "--data.eval_batches=1000000000": "data.eval_batches",
    "--history.num=1000000000": "history.num",
    f"--trainer.max_steps={'9' * 300}": "(command line) is a number of about 301 digits",
    f"--data.seed=-{'9' * 40}": "data.seed",
    "--data.n=100000000": "data.n",
    "--trainer.devices=1000000000": "trainer.devices",
    "--trainer.devices= 300000000": "trainer.devices",
    "--trainer.devices=+300000000": "trainer.devices",
    "--trainer.num_nodes=100000000": "trainer.num_nodes",
    f"--data.seed=0x{'f' * 5000}": "data.seed (command line) is a number of about 6021 digits",
    "--model.metrics=[{class_path: torchmetrics.MeanSquaredError, init_args: {num_outputs: "
    "1000000000}}]": "model.metrics.num_outputs",
    f"{SETS}{{nodes: 1000000000, exact: 0}}}}": "data.features.nodes",
    f"{SETS}{{nodes: 1000000, exact: 0}}}}": "use 1 to 200",
    f"{SETS}{{exact: 1000000}}}}": "lower nodes or exact",
    "--data.n=10001": "data.n",
    "--model.variant.hidden=1000000000": "hidden",
}


@pytest.mark.parametrize(("word", "match"), HUGE.items(), ids=range(len(HUGE)))
def test_huge_numbers_are_refused_at_once(word: str, match: str) -> None:
    refused(word, match=match)


@pytest.mark.parametrize(
    "link", ["figures", "projector", "models", "hparams.yaml", "checkpoints/x"]
)
def test_a_link_in_a_run_is_not_followed(link: str, folder: Path) -> None:
    run(["fit", "--config=intro", *QUICK, "--hparams.max_models=2"])
    target, path = folder.parent / "outside", Path("runs/intro/0", link)
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.symlink_to(target)
    if "." not in link:
        target.mkdir()
    refused("--ckpt_path=last", match="outside of runs")
    assert not target.exists() or not [*target.iterdir()]


@pytest.mark.parametrize("how", [os.symlink, os.link])
@pytest.mark.parametrize(
    "word",
    [
        CSV % "save_dir: runs, name: csv",
        CHECKPOINT % "dirpath: runs, filename: csv/a",
        "--trainer.profiler={class_path: SimpleProfiler, init_args: {dirpath: runs, filename: p}}",
    ],
)
def test_a_named_folder_holds_no_other_names(word: str, how: Any, folder: Path) -> None:
    outside = folder.parent / "outside.txt"
    outside.write_text("theirs")
    Path("runs").mkdir()
    how(outside, Path("runs/csv"))
    refused(word, match="runs/csv ")
    assert outside.read_text() == "theirs"


def test_what_has_no_folder_goes_into_the_root(folder: Path) -> None:
    profiler = "--trainer.profiler={class_path: SimpleProfiler, init_args: {filename: perf}}"
    run(["fit", "--config=intro", *QUICK, profiler, "--trainer.logger=false"])
    assert [path.name for path in folder.iterdir()] == ["runs"]


def test_a_link_inside_is(folder: Path) -> None:
    run(["fit", "--config=intro", *QUICK])
    newest = next(Path("runs/intro/0/checkpoints").iterdir())
    (newest.parent / "last.ckpt").symlink_to(newest.name)
    run(["fit", "--config=intro", *QUICK, "--ckpt_path=last"])


@pytest.mark.slow
@pytest.mark.parametrize("verb", [("fit",), ("sweep", "--axis=model.variant.hidden=[2]")])
def test_the_working_folder_comes_last(verb: tuple[str, ...], folder: Path) -> None:
    for name in ("torch", "yaml", "typing", "matplotlib", "csv", "lightning"):
        Path(f"{name}.py").write_text("raise SystemExit('shadowed')")
    command = [sys.executable, "-m", "toysuper", *verb, "--config=intro", *QUICK]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "shadowed" not in result.stdout + result.stderr


def test_a_file_starts_no_more_processes_than_there_are_cores(folder: Path) -> None:
    most = (os.cpu_count() or 1) + 1
    Path("theirs.yaml").write_text(f"trainer: {{devices: {most}, accelerator: cpu}}")
    refused("--config=theirs.yaml", match=f"(theirs.yaml, line 1) is {most}, more than the")


@pytest.mark.parametrize("key", ["data.grid", "trainer.callbacks", "figures.draw", "about"])
def test_a_text_that_is_yaml_repeats_nothing(key: str, folder: Path) -> None:
    names = [f"&a{k} [{','.join([f'*a{k - 1}'] * 9)}]" for k in range(1, 14)]
    section, _, option = key.rpartition(".")
    value = f"'[&a0 [1, 1], {', '.join(names)}]'"
    text = f"{section}: {{{option}: {value}}}" if section else f"{option}: {value}"
    Path("theirs.yaml").write_text(text)
    refused("--config=theirs.yaml", match="theirs.yaml repeats values by *a0")


def test_checkpoints_are_named_by_metrics(folder: Path) -> None:
    run(["fit", "--config=intro", *QUICK, CHECKPOINT % "filename: '{epoch:02d}-{val/loss:.3f}'"])
    assert [*Path("runs").rglob("epoch=00-val/loss=*.ckpt")]
