"""Where a wrong value is said to stand."""

from pathlib import Path

import pytest

from tests._run import ROOT, toysuper
from toysuper.cli.location import locate

INTRO = ROOT / "configs" / "intro.yaml"


@pytest.fixture
def words(tmp_path: Path, monkeypatch) -> list[str]:
    """Two configs that set one option, and others of the same last name."""
    monkeypatch.chdir(tmp_path)
    Path("first.yaml").write_text(
        "about: {line: hidden}\nmodel:\n  class_path: a.Model\n  init_args: {hidden: 2, n: 3}\n"
    )
    Path("second.yaml").write_text("data:\n  n: 4 # hidden\nmodel: {init_args: {hidden: two}}\n")
    return ["fit", "--config", "first.yaml", "--config=second.yaml"]


def test_the_last_file_that_sets_an_option_is_named(words: list[str]) -> None:
    assert locate("model.hidden", words) == " (second.yaml, line 3)"
    assert locate("model.hidden", [words[0], words[3], *words[1:3]]) == " (first.yaml, line 4)"
    assert locate("hidden", words) == " (second.yaml, line 3)"


def test_the_whole_key_goes_before_its_last_part(words: list[str]) -> None:
    assert locate("model.n", words) == " (first.yaml, line 4)"
    assert locate("data.n", words) == " (second.yaml, line 2)"


def test_the_command_line_wins_over_files_before_it(words: list[str]) -> None:
    for option in (["--model.hidden=two"], ["--model.hidden", "two"], ["--model", "{hidden: two}"]):
        assert locate("model.hidden", [*words, *option]) == " (command line)"
        assert locate("model.hidden", ["fit", *option, *words[1:]]) == " (second.yaml, line 3)"


def test_a_class_is_found_by_the_last_word_of_its_path(words: list[str]) -> None:
    assert locate("Model", words) == " (first.yaml, line 3)"
    assert locate("Mode", words) == ""


def test_a_wrong_value_in_the_second_config(tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text("trainer:\n  max_steps: many\n")
    result = toysuper("fit", "--config", "intro", "--config", "wrong.yaml", cwd=tmp_path)
    assert "trainer.max_steps (wrong.yaml, line 2): Expected" in result.stderr
    right = ("--config", "wrong.yaml", "--trainer.max_steps=few")
    result = toysuper("fit", "--config", "intro", *right, cwd=tmp_path)
    assert "trainer.max_steps (" in result.stderr and "Got value: many" in result.stderr


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            "class_path: ReLU|class_path: toysuper.modls.ReLU",
            "toysuper has no 'modls' (bad.yaml, line 8). Did you",
        ),
        (
            "class_path: Geo|class_path: toysuper.data.gird.Geo",
            "toysuper.data has no 'gird' (bad.yaml, line 13). Did you",
        ),
        ("toysuper.figures.|toysuper.search.", "toysuper has no 'search' (bad.yaml, line 20)."),
    ],
)
def test_a_wrong_module_is_answered_by_its_package(
    change: str, sentence: str, tmp_path: Path
) -> None:
    (tmp_path / "bad.yaml").write_text(INTRO.read_text().replace(*change.split("|")))
    result = toysuper("fit", "--config", "bad.yaml", cwd=tmp_path)
    assert sentence in result.stderr, result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_module_that_is_not_loaded_has_no_names() -> None:
    from toysuper.cli.messages import explain_message

    message = "module 'not.loaded' has no attribute 'serch'"
    assert explain_message(message) == "not.loaded has no 'serch'."
