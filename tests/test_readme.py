"""What the README shows is what works."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml

from tests import _laws
from tests._run import ROOT, toysuper
from tests.benchmarks.cases import CASES
from toysuper.cli.main import main as command

README = (ROOT / "README.md").read_text()
TINY = ("--trainer.max_steps=2", "--model.jit=false")
CONTRIBUTING = (ROOT / ".github" / "CONTRIBUTING.md").read_text()


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def model() -> type:
    space: dict = {"__name__": "readme"}
    exec(blocks("python")[0], space)
    return space["UntiedModel"]


@pytest.mark.parametrize("law", _laws.ALL)
def test_the_example_model_obeys_the_laws(law) -> None:
    law(model())


def test_the_python_example_runs(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert toysuper("fit", "--config", "intro", *TINY, cwd=tmp_path).returncode == 0
    short = '{"trainer.max_steps": 2, "model.jit": False, '
    exec(blocks("python")[1].replace("{", short), space := {"__name__": "readme"})
    assert (tmp_path / "pairs_or_pentagon.png").exists()
    assert len(space["snapshot"]) == 48 and len(space["earlier"]) == 72


def test_the_example_config_trains(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(blocks("yaml")[0])
    tiny = ("--config", "debug", "--trainer.max_steps=2", "--model.jit=false")
    result = toysuper("fit", "--config", "mine.yaml", *tiny, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "runs" / "mine" / "0" / "figures" / "gram.png").exists()


def test_every_experiment_is_in_the_table() -> None:
    cells = re.findall(r"^\| (`.*?) \|", README, re.MULTILINE)
    rows = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    assert rows == {path.stem for path in (ROOT / "configs").glob("*.yaml")}


def test_there_are_two_set_up_commands() -> None:
    lines = "".join(blocks("bash")).splitlines()
    assert len([line for line in lines if "pip install" in line]) == 2


def test_a_users_own_model_is_found_by_its_dotted_path(tmp_path: Path) -> None:
    (tmp_path / "my_models.py").write_text(blocks("python")[0])
    allow = re.search(r"`(--allow \w+)`", README)[1].split()
    config = yaml.safe_load(blocks("yaml")[0])
    config["model"]["variant"]["class_path"] = "my_models.UntiedModel"
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(config))
    tiny = ("--config", "debug", "--trainer.max_steps=2", "--model.jit=false")
    result = toysuper("fit", "--config", "mine.yaml", *tiny, *allow, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    (saved,) = tmp_path.rglob("*.ckpt")
    names = set(torch.load(saved, weights_only=True)["state_dict"])
    assert names == {"variant.W", "variant.V", "variant.b"}


def test_the_examples_of_contributing_run_together(tmp_path: Path) -> None:
    name = f"mine_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text("\n".join(blocks("python", CONTRIBUTING)))
    config = blocks("yaml", CONTRIBUTING)[0].replace("mine.", f"{name}.")
    (tmp_path / "own.yaml").write_text(config)
    tiny = ("--config", "debug", "--trainer.max_steps=2", "--model.jit=false")
    result = toysuper("fit", "--config", "own.yaml", *tiny, "--allow", name, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "Warning" not in result.stderr and "ALL" in result.stdout
    assert (tmp_path / "runs/own/0/figures/dimensionalities.png").exists()
    assert "largest" in (tmp_path / "runs/own/0/instances.csv").read_text().splitlines()[0]


def test_the_commands_of_the_block_run_one_after_the_other(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [line for line in blocks("bash")[2].splitlines() if line]
    assert [line.split()[1] for line in lines] == ["fit", "test", "report"]
    for line in lines:
        _, verb, *args = line.split()
        if verb == "report":
            command([verb, *args])
        else:
            result = toysuper(verb, *args, *TINY, cwd=tmp_path)
            assert result.returncode == 0, result.stderr
    assert "seed: 1" in (tmp_path / "runs/intro/0/config.yaml").read_text()
    assert "intro/0" in (tmp_path / "runs/report.html").read_text()


INLINE = sorted(set(re.findall(r"toysuper (fit --config X [^`\"]+)", README)))


@pytest.mark.parametrize("line", INLINE)
def test_the_commands_of_the_table_are_understood(line: str, tmp_path: Path) -> None:
    args = line.replace("X", "intro").replace("--ckpt_path last", "").split()
    result = toysuper(*args, "--print_config", cwd=tmp_path)
    assert result.returncode == 0 and "accelerator:" in result.stdout, result.stderr


def test_the_table_has_commands() -> None:
    assert len(INLINE) >= 4 and any("slurm" in line for line in INLINE)


def test_pictures_and_links_are_there() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert target.startswith("https://") or (ROOT / target).exists(), target


@pytest.mark.slow
def test_the_benchmark_runs(tmp_path: Path) -> None:
    found = re.search(r"`python (-m tests\.benchmarks)`", README)[1].split()
    little = ["speed", "--cases", next(iter(CASES)), "--threads", "1", "--rounds", "1"]
    command = [sys.executable, *found, *little, "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and (tmp_path / "speed.png").exists(), done.stderr
    assert json.loads((tmp_path / "speed.json").read_text())["speed"]
