"""Machines that are not ours: no fcntl, no sysconf, another locale, other ways to start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests._run import environment

YAML = """# σχόλιο: ein Kommentar, naïve
model: {variant: {class_path: ReLUOutputModel, init_args: {hidden: 2}}, jit: false}
data: {n: 4, grid: {seed: [0, 1]}, batch_size: 8, epoch: 10, eval_batches: 1, eval_batch_size: 8}
trainer: {max_steps: 20, accelerator: cpu, enable_progress_bar: false}
figures: {draw: [toysuper.figures.gram]}
"""
FIT = "main(['fit', '--config', 'small.yaml'])"
WITHOUT = "import os, sys; del os.sysconf; sys.modules['fcntl'] = None"  # nor a psutil that works


def python(code: str, folder: Path, **variables: str) -> subprocess.CompletedProcess:
    (folder / "small.yaml").write_text(YAML, encoding="utf-8")
    code = f"{code}\nfrom toysuper.cli.main import main\n{FIT}"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        capture_output=True,
        env={**environment(), **variables},
    )


def ended(folder: Path) -> bool:
    names = {path.name for path in folder.rglob("*")}
    return {"instances.csv", "config.yaml", "gram.png"} <= names


@pytest.mark.slow
def test_a_machine_without_sysconf_and_fcntl(tmp_path: Path) -> None:
    done = python(WITHOUT, tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert ended(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("locale", ["C", "POSIX"])
def test_files_are_utf8_where_the_locale_is_not(locale: str, tmp_path: Path) -> None:
    ascii_only = {"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = python("", tmp_path, **ascii_only)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    assert ended(tmp_path)
    again = subprocess.run(
        [sys.executable, "-m", "toysuper", "report"],
        cwd=tmp_path,
        capture_output=True,
        env={**environment(), **ascii_only},
    )
    assert again.returncode == 0, again.stderr.decode(errors="replace")


@pytest.mark.slow
def test_a_code_page_of_windows_reads_the_same(tmp_path: Path) -> None:
    """What Python would open without an encoding is cp1252 there."""
    code = (
        "import builtins, io\nopened = io.open\n"
        "def cp1252(file, mode='r', buffering=-1, encoding=None, *rest, **more):\n"
        "    if 'b' not in mode and encoding is None and 'toysuper' not in str(file): \n"
        "        encoding = 'cp1252'\n"
        "    return opened(file, mode, buffering, encoding, *rest, **more)\n"
        "builtins.open = cp1252"
    )
    done = python(code, tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    (config,) = tmp_path.rglob("config.yaml")
    assert "gram" in config.read_text(encoding="utf-8")


@pytest.mark.parametrize("strategy", ["ddp_spawn", "ddp_fork"])
@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="fork is of POSIX")
def test_every_launcher_writes_one_folder(strategy: str, tmp_path: Path) -> None:
    code = (
        "import sys\nfrom toysuper.cli.main import main\n"
        f"if __name__ == '__main__':\n    {FIT[:-2]}, '--trainer.devices=2', "
        f"'--trainer.strategy={strategy}'])\n"
    )
    (tmp_path / "small.yaml").write_text(YAML, encoding="utf-8")
    (tmp_path / "go.py").write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "go.py"], cwd=tmp_path, capture_output=True, env=environment()
    )
    assert done.returncode == 0, done.stderr.decode()
    assert [run.name for run in (tmp_path / "runs" / "small").iterdir()] == ["0"]
    assert b"wrote runs/" in done.stdout and ended(tmp_path)
