import re

import pytest

from tests._run import ROOT
from toysuper.cli.configs import bundled_configs, format_configs, list_experiments, read_about

CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_config_begins_with_what_it_is_about(path) -> None:
    assert path.read_text(encoding="utf-8").startswith("about:\n  section: ")
    about = read_about(path)
    assert list(about) == ["section", "order", "minutes", "line"]
    assert isinstance(about["order"], str), "as a number, 4.10 would be 4.1"
    assert 0 < about["minutes"] < 60 and about["line"][-1] != "."


def test_presets_have_one_line() -> None:
    presets = [path for path in bundled_configs().values() if path.parent.name == "presets"]
    assert len(presets) == 9
    assert all(list(read_about(path)) == ["line"] for path in presets)


def test_orders_have_no_gaps_and_a_section_has_one_name() -> None:
    orders = [experiment.order for experiment in list_experiments()]
    sections = dict.fromkeys((e.order[0], e.section) for e in list_experiments())
    assert [number for number, _ in sections] == list(range(1, len(sections) + 1))
    for section, _ in sections:
        inner = [second for first, second in orders if first == section]
        assert inner == list(range(1, len(inner) + 1))


@pytest.mark.parametrize("width", [80, 200])
def test_the_list_names_everything_and_fits_the_terminal(width: int) -> None:
    names = {path.stem for path in (ROOT / "configs").rglob("*.yaml")}
    text = format_configs(width)
    assert names <= set(text.split())
    assert max(map(len, text.splitlines())) <= width
    assert len(format_configs(80).splitlines()) > len(format_configs(200).splitlines())


def test_the_readme_says_the_same_times_and_sections() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = [row for row in readme.splitlines() if row.startswith("| `")]
    experiments = {experiment.name: experiment for experiment in list_experiments()}
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        names = re.findall(r"`(\w+)`", cells[0])
        assert [experiments[name].duration for name in names] == cells[-1].split(", "), names
        sections = {experiments[name].section.lower() for name in names}
        assert all(section in cells[1].lower() for section in sections), names
