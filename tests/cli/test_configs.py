import re

import pytest

from tests._run import ROOT
from toysuper.cli.listing import described, experiments, listing

CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_config_says_what_it_is(path) -> None:
    assert described(path) is not None


def test_places_are_numbered_without_gaps_and_a_section_has_one_name() -> None:
    places = [told.place for told in experiments()]
    sections = dict.fromkeys((told.place[0], told.section) for told in experiments())
    assert [number for number, _ in sections] == list(range(1, len(sections) + 1))
    for section, _ in sections:
        inner = [second for first, second in places if first == section]
        assert inner == list(range(1, len(inner) + 1))


def test_the_listing_names_everything() -> None:
    names = {path.stem for path in (ROOT / "configs").rglob("*.yaml")}
    assert names <= set(listing().split())


def test_the_readme_says_the_same_times_and_sections() -> None:
    rows = [row for row in (ROOT / "README.md").read_text().splitlines() if row.startswith("| `")]
    told = {told.name: told for told in experiments()}
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        named = re.findall(r"`(\w+)`", cells[0])
        assert [told[name].time for name in named] == cells[-1].split(", "), named
        sections = {told[name].section.lower() for name in named}
        assert all(section in cells[1].lower() for section in sections), named
