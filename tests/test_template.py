"""Without the experiments, what is left is a library whose tests pass."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests._run import ROOT

FOLDERS = ("toysuper", "tests", "configs")
FILES = ("pyproject.toml", "README.md", "LICENSE")
FAST = ("tests/functional", "tests/features", "tests/metrics", "tests/figures", "tests/claims")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository without the experiments and the configs that name them."""
    folder = tmp_path_factory.mktemp("template")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (*FILES, ".github"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    shutil.rmtree(folder / "toysuper" / "experiments")
    shutil.rmtree(folder / "tests" / "experiments")
    for path in (folder / "configs").rglob("*.yaml"):
        if "toysuper.experiments" in path.read_text():
            path.unlink()
    return folder


def run(template: Path, *args: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", *args]
    return subprocess.run(command, cwd=template, capture_output=True, text=True)


def test_nothing_names_the_experiments(template: Path) -> None:
    names = (*template.glob("toysuper/**/*.py"), *template.glob("configs/**/*.yaml"))
    assert not [path for path in names if "toysuper.experiments" in path.read_text()]


@pytest.mark.slow
def test_all_modules_and_tests_are_imported(template: Path) -> None:
    done = run(template, "pytest", "-q", "-n", "0", "--collect-only", "-m", "slow or not slow")
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_the_tests_pass(template: Path) -> None:
    done = run(template, "pytest", "-q", "-n", "0", *FAST)
    assert done.returncode == 0, done.stdout
