"""What a config may not hold."""

from pathlib import Path

import pytest

from toysuper.cli.arguments import resolve_config_args
from toysuper.cli.yaml_checks import MAX_VALUES, load_config
from toysuper.errors import UserError


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: &x {n: 2}\ndata: *x\n", r"c.yaml, line 2 repeats values by \*x; write the values"),
        ("a: &x {n: 2}\ndata:\n  <<: *x\n", "c.yaml, line 3 repeats values by <<; write"),
        ("data: {<<: {n: 2}}\n", "c.yaml, line 1 repeats values by <<; write"),
        (f"data: {list(range(MAX_VALUES))}\n", f"holds more than {MAX_VALUES} values"),
        ("- a\n", "is not a mapping of options"),
        ("a: b: c\n", "c.yaml, line 1 is not YAML"),
        ("", "c.yaml sets nothing; write options"),
        ("# a comment\n", "c.yaml sets nothing; write options"),
    ],
)
def test_bad_files_get_one_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(UserError, match=sentence):
        load_config(tmp_path / "c.yaml")


def test_an_anchor_and_a_quoted_word_are_no_alias(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text('a: &x [1, "<<", "*x"]\n')
    assert load_config(tmp_path / "c.yaml") == {"a": [1, "<<", "*x"]}


def test_letters_are_utf8_whatever_the_locale(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "c.yaml").write_bytes("about: {line: Wᵀ}\n".encode())
    monkeypatch.setattr("locale.getpreferredencoding", lambda *_: "ascii")
    assert load_config(tmp_path / "c.yaml")["about"] == {"line": "Wᵀ"}


def test_a_run_is_about_its_experiment_and_not_about_a_preset() -> None:
    for words in (["--config=debug", "--config=intro"], ["--config=intro", "--config=debug"]):
        assert resolve_config_args(["fit", *words]).about["section"] == "Introduction"
    assert resolve_config_args(["fit", "--config=debug"]).about is None
