import itertools
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from toysuper.cli.configs import list_experiments
from toysuper.cli.report.gather import gather
from toysuper.cli.report.page import FOLDER
from toysuper.cli.report.story import STORY
from toysuper.cli.report.write import main
from toysuper.errors import UserError
from toysuper.figures.formats import gif, pixels, png

CONFIG = (
    "model: {class_path: a}\nclip: null\nfigures: {draw: [f.second, f.first], animate: [f.film]}\n"
)


def figure(text: str = "a") -> Figure:
    drawn = Figure(figsize=(1, 1))
    drawn.text(0.5, 0.5, text)
    return drawn


def run(folder: Path, age: int = 0, verdict: str = "holds", names: tuple = ("first",)) -> Path:
    (folder / "figures").mkdir(parents=True)
    for name in names:
        about = f"{name} <shows> & tells. Panels: a."
        (folder / "figures" / f"{name}.png").write_bytes(png(figure(), about))
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "instances.csv").write_text("density,loss\n1,2\n1,3\n")
    claim = f'A,"a < b, c","0-1",0.5,{verdict}\n'
    (folder / "claims.csv").write_text("name,statement,expected,measured,holds\n" + claim)
    (folder / "checkpoints").mkdir()
    for step in (1000, 2000):
        (folder / "checkpoints" / f"epoch=1-step={step}.ckpt").touch()
    os.utime(folder / "instances.csv", (1e9 - age, 1e9 - age))
    return folder


class Page(HTMLParser):
    """Tags with their attributes, and the text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.text = ""
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict]:
        return [attrs for name, attrs in self.tags if name == tag]


def written(folder: Path) -> Page:
    main([str(folder)])
    return Page(folder / "report.html")


def test_experiments_come_in_the_order_of_the_paper_and_own_ones_last(tmp_path: Path) -> None:
    for name in ("zebra", "octahedron", "intro", "apple"):
        run(tmp_path / name / "0")
    assert [run.name for run in gather(tmp_path)] == ["intro", "octahedron", "apple", "zebra"]
    page = written(tmp_path)
    assert page.all("h2")[0]["id"] == "introduction"
    assert "Your own experiments" in page.text


def test_the_run_that_ended_last_is_shown_whatever_it_claims(tmp_path: Path) -> None:
    run(tmp_path / "intro" / "0", age=1)
    run(tmp_path / "intro" / "1", verdict="FAILS")
    run(tmp_path / "intro" / "2", age=2)
    (tmp_path / "intro" / "3").mkdir()  # has not ended
    (only,) = gather(tmp_path)
    assert only.folder.name == "1" and only.others == 2 and only.models == 2
    assert only.steps == "2,000 steps, "
    page = written(tmp_path)
    assert (
        "✗ FAILS" in page.text
        and "2 other runs not shown" in page.text
        and "1 claim FAILS" in page.text
    )


def test_a_training_goes_before_its_evaluations(tmp_path: Path) -> None:
    run(tmp_path / "intro" / "0", age=5)
    run(tmp_path / "intro" / "test_0", verdict="FAILS")
    run(tmp_path / "octahedron" / "validate_3")
    assert [run.folder.name for run in gather(tmp_path)] == ["0", "validate_3"]


def test_figures_are_in_the_order_of_the_config_and_animations_can_rest(tmp_path: Path) -> None:
    folder = run(tmp_path / "own" / "0", names=("first", "second", "other"))
    film = gif([pixels(figure("a")), pixels(figure("b"))], "A film.")
    (folder / "figures" / "film.gif").write_bytes(film)
    (only,) = gather(tmp_path)
    assert [picture.name for picture in only.pictures] == ["second", "first", "other", "film"]
    sources = written(tmp_path).all("source")
    assert [tag["media"] for tag in sources] == ["(prefers-reduced-motion: reduce)"]


def test_claims_and_config_are_beside_the_figure(tmp_path: Path) -> None:
    run(tmp_path / "own" / "0")
    page = written(tmp_path)
    for text in ("a < b, c", "0-1", "0.5", "class_path: a", "own/0/config.yaml"):
        assert text in page.text
    assert "clip: null" not in page.text


def test_the_page_needs_no_network_and_says_what_it_shows(tmp_path: Path) -> None:
    run(tmp_path / "intro" / "0")
    page = written(tmp_path)
    assert page.all("html")[0]["lang"] == "en" and len(page.all("h1")) == 1
    (image,) = page.all("img")
    assert image["alt"] == "first <shows> & tells. Panels: a."
    assert image["src"].startswith("data:image/webp;base64,")
    kinds = ("src", "href", "srcset")
    loads = [tag[kind] for name, tag in page.tags if name != "a" for kind in kinds if kind in tag]
    assert loads and all(url.startswith("data:") for url in loads)
    style = (FOLDER / "page.css").read_text()
    assert "url(" not in style and "@import" not in style and not page.all("script")


def test_headings_skip_no_level_and_names_are_used_once(tmp_path: Path) -> None:
    for name in ("intro", "octahedron", "mine", "a/mine", "introduction"):
        run(tmp_path / name / "0")
    page = written(tmp_path)
    levels = [int(name[1]) for name, _ in page.tags if re.fullmatch(r"h\d", name)]
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no run that has ended"):
        main([str(tmp_path)])
    assert not list(tmp_path.iterdir())


def test_every_section_has_its_story() -> None:
    sections = dict.fromkeys(experiment.section for experiment in list_experiments())
    assert list(sections) == list(STORY)


def luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_has_contrast(scheme: int) -> None:
    """At least 4.5, as WCAG 2.2 asks of text (level AA)."""
    block = re.findall(r":root \{(.*?)\}", (FOLDER / "page.css").read_text(), re.DOTALL)[scheme]
    colours = dict(re.findall(r"--(\w+): (#\w{6})", block))
    for name in ("ink", "faint", "link", "holds", "fails", "unmeasured"):
        assert contrast(colours[name], colours["paper"]) >= 4.5, name
    assert contrast(colours["ink"], colours["code"]) >= 4.5
    assert contrast("#777777", "#999999") < 4.5, "a control that fails"


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("config.yaml", b""),
        ("config.yaml", b"- a list"),
        ("config.yaml", b"{"),
        ("config.yaml", b"\xff\xfe"),
        ("figures/first.png", png(figure(), "a")[:500]),
        ("figures/first.png", b"text"),
    ],
    ids=lambda value: value if isinstance(value, str) else len(value),
)
def test_what_is_damaged_is_named_and_left_out(
    tmp_path: Path, capsys, file: str, content: bytes
) -> None:
    run(tmp_path / "intro" / "0")
    run(tmp_path / "octahedron" / "0")
    (tmp_path / "intro" / "0" / file).write_bytes(content)
    page = written(tmp_path)
    assert len(page.all("img")) == 1 and "octahedron" in page.text
    assert f"intro/0/{file}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("config.yaml", b"figures: [x]"),
        ("config.yaml", b"figures: {draw: 3, animate: [1]}"),
        ("claims.csv", b"name\nA\n"),
        ("claims.csv", b"name,holds\nA,perhaps\n"),
        ("instances.csv", b"\xff\n1\n"),
    ],
    ids=str,
)
def test_odd_files_cost_nothing_else(tmp_path: Path, file: str, content: bytes) -> None:
    (run(tmp_path / "intro" / "0") / file).write_bytes(content)
    assert len(written(tmp_path).all("img")) == 1


def test_a_folder_with_odd_letters_is_quoted_and_escaped(tmp_path: Path) -> None:
    run(tmp_path / "my <b>runs</b>" / "0")
    page = written(tmp_path)
    assert not page.all("b")[1:] and "<b>runs</b>/0/config.yaml'" in page.text
