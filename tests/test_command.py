import subprocess
import sys

import pytest

from tests._run import ROOT
from toysuper.command import HELP, main

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
