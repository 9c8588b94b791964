import os
import subprocess
import sys

import pytest

from tests._run import ROOT
from toysuper.command import HELP, SPINS, main

LIGHT = """
import sys
from toysuper.command import main
main(sys.argv[1:])
heavy = {"torch", "lightning", "matplotlib", "numpy"} & set(sys.modules)
assert not heavy, heavy
"""


@pytest.mark.parametrize("args", [[], ["--help"], ["-h"], ["--version"]])
def test_help_and_version_import_nothing_heavy(args: list[str]) -> None:
    command = [sys.executable, "-c", LIGHT, *args]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.startswith("toysuper 0." if args == ["--version"] else "usage: toysuper")


def test_help_fits_on_a_screen_and_names_configs_that_exist() -> None:
    lines = HELP.splitlines()
    assert len(lines) <= 25 and max(map(len, lines)) <= 100
    words = [w for line in lines if line.startswith("  toysuper") for w in line.split()]
    named = {words[i + 1] for i, word in enumerate(words) if word == "--config"}
    found = {path.stem for path in (ROOT / "configs").rglob("*.yaml")}
    assert named - {"my_experiment.yaml"} <= found


def test_anything_else_goes_to_the_command_line_proper() -> None:
    with pytest.raises(SystemExit):
        main(["fit", "--config", "no_such_config"])


@pytest.mark.parametrize("name", ["GOMP_SPINCOUNT", "OMP_WAIT_POLICY"])
def test_how_threads_wait_is_the_users_where_they_said_so(name: str, monkeypatch) -> None:
    for other in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, "passive" if name == "OMP_WAIT_POLICY" else "7")
    with pytest.raises(SystemExit):
        main(["fit", "--config", "no_such_config"])
    expected = "7" if name == "GOMP_SPINCOUNT" else None
    assert os.environ.get("GOMP_SPINCOUNT") == expected


def test_threads_sleep_soon_by_default(monkeypatch) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")  # so that the test leaves no trace
    monkeypatch.delenv("GOMP_SPINCOUNT")
    with pytest.raises(SystemExit):
        main(["fit", "--config", "no_such_config"])
    assert os.environ["GOMP_SPINCOUNT"] == SPINS
