import os
import re
import subprocess
import sys

import pytest

from tests._run import ROOT
from toysuper.cli.completion import SHELLS, script
from toysuper.cli.help import HELP, VERBS, short_help
from toysuper.cli.main import COMMANDS, SPIN_COUNT, main

CHECK_IMPORTS = """
import sys
from toysuper.cli.main import main
main(sys.argv[1:])
heavy = {"torch", "lightning", "matplotlib", "numpy"} & set(sys.modules)
assert not heavy, heavy
"""


@pytest.mark.parametrize(
    "args",
    [[], ["--help"], ["-h"], ["--version"], ["fit", "--help"], ["configs"], ["completion", "bash"]],
    ids=" ".join,
)
def test_help_and_version_import_nothing_heavy(args: list[str]) -> None:
    command = [sys.executable, "-c", CHECK_IMPORTS, *args]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    starts = {"--version": "toysuper 0.", "configs": "Experiments", "completion": "# AUTOMATICALLY"}
    assert done.stdout.startswith(starts.get((args or [""])[0], "usage: toysuper"))


@pytest.mark.parametrize("text", [HELP, *map(short_help, VERBS)], ids=["toysuper", *VERBS])
def test_help_fits_on_a_screen(text: str) -> None:
    lines = text.splitlines()
    assert len(lines) <= 27 and max(map(len, lines)) <= 100


def test_help_names_every_command_and_configs_that_exist() -> None:
    lines = HELP.splitlines()
    named = {line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "}
    assert named >= set(COMMANDS) and set(VERBS) <= set(HELP.replace(";", " ").split())
    assert sum(line.startswith("  toysuper") for line in lines) == 5
    words = [w for line in lines if line.startswith("  toysuper") for w in line.split()]
    named = {words[i + 1] for i, word in enumerate(words) if word == "--config"}
    configs = {path.stem for path in (ROOT / "configs").rglob("*.yaml")}
    assert named - {"my_experiment.yaml"} <= configs


def test_anything_else_goes_to_lightning() -> None:
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
    assert os.environ["GOMP_SPINCOUNT"] == SPIN_COUNT


@pytest.mark.parametrize("words", ["fit --config intro --help", "fit -h --config intro"])
def test_help_is_short_in_company_too(words: str, capsys) -> None:
    main(words.split())
    assert capsys.readouterr().out == short_help("fit")


@pytest.mark.parametrize("verb", VERBS)
def test_the_settings_of_the_short_help_exist(verb: str, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(["--help-all", verb])
    everything = capsys.readouterr().out
    assert stop.value.code == 0 and len(everything.splitlines()) > 100
    for option in re.findall(r"--[a-z_]+\.[a-z_]+", short_help(verb)):
        assert option in everything or option == "--model.hidden", option


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["toysuper", "co"], "collect completion configs"),
        (["toysuper", "fit", "--config", "intr"], "intro"),
        (["toysuper", "fit", "--ckpt_path", ""], "last"),
        (["toysuper", "fit", "--config", "intro", "--data.se"], "--data.seed"),
        (["toysuper", "fit", "no_op"], ""),
        (["toysuper", "fit", "--config", "=", "intr"], "intro"),
        (["toysuper", "fit", "--k"], ""),
        (["toysuper", "report", "--"], "--help --to"),
        (["toysuper", "sweep", "--ax"], "--axis"),
        (["toysuper", "completion", ""], "bash fish zsh"),
    ],
    ids=str,
)
def test_bash_completes(typed: list[str], offered: str) -> None:
    words = " ".join(f"'{word}'" for word in typed)
    ask = f"COMP_WORDS=({words}); COMP_CWORD={len(typed) - 1}; _shtab_toysuper"
    ask += "; echo ${COMPREPLY[@]}"
    done = subprocess.run(
        ["bash", "-c", f"{script('bash')}\n{ask}"], capture_output=True, text=True, check=True
    )
    assert sorted(done.stdout.split()) == offered.split()


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_names_commands_and_configs(shell: str) -> None:
    assert all(name in script(shell) for name in (*VERBS, *COMMANDS, "intro", "debug"))


def test_an_unknown_command_is_answered_by_the_list_of_commands(capsys) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["ft"])
    said = capsys.readouterr().err
    assert stop.value.code == 2 and "no command 'ft'. Did you mean 'fit'? Commands are fit," in said
