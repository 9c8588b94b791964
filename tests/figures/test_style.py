import itertools
import re

import matplotlib as mpl
import matplotlib.style
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from tests._run import ROOT
from toysuper.figures.formats import png, svg
from toysuper.figures.style import (
    GRADED,
    PARTS,
    POLYTOPE_COLOURS,
    SETS,
    SIGNED,
    styled,
    unit_scale,
)

# Machado, Oliveira & Fernandes 2009, severity 1, on linear RGB
DEFICIENCIES = {
    "none": np.eye(3),
    "protan": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deutan": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(colour: str, seen_by: str) -> np.ndarray:
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = (np.array(DEFICIENCIES[seen_by]) @ linear).clip(0, 1)
    x, y, z = np.cbrt((XYZ @ seen) / XYZ.sum(1))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def did_you_mean(colours: list[str], seen_by: str) -> float:
    pairs = itertools.combinations(colours, 2)
    return min(float(np.linalg.norm(lab(a, seen_by) - lab(b, seen_by))) for a, b in pairs)


@pytest.mark.parametrize("seen_by", DEFICIENCIES)
@pytest.mark.parametrize("colours", [SETS, PARTS, tuple(POLYTOPE_COLOURS.values())], ids=str)
def test_everyone_tells_the_colours_apart(colours, seen_by: str) -> None:
    assert did_you_mean(list(colours), seen_by) > 10  # a just noticeable difference is 2.3


def test_the_control_red_and_green_is_seen_by_some_only() -> None:
    traffic = ["#b35900", "#6b8000"]
    assert did_you_mean(traffic, "none") > 30 and did_you_mean(traffic, "deutan") < 10


def test_a_figure_looks_the_same_whatever_the_caller_prefers() -> None:
    @styled
    def line(snapshot: None) -> Figure:
        figure = Figure()
        figure.subplots().plot([0, 1])
        return figure

    with mpl.rc_context({"axes.linewidth": 7, "lines.linewidth": 9, "axes.edgecolor": "red"}):
        (axes,) = line(None).axes
        assert mpl.rcParams["axes.linewidth"] == 7
    assert axes.spines["left"].get_linewidth() == 0.8


def test_a_matplotlibrc_of_the_working_folder_starts_no_latex() -> None:
    """``text.usetex`` would run latex, which reads and writes files as its preamble says."""

    @styled
    def titled(snapshot: None) -> Figure:
        figure = Figure(figsize=(2, 1))
        figure.suptitle("1 - S = 0.1")
        return figure

    figure = titled(None)
    plain = png(figure, "a"), svg(figure, "a")
    with mpl.rc_context({"text.usetex": True, "text.latex.preamble": r"\input{x}"}):
        figure = titled(None)
        assert (png(figure, "a"), svg(figure, "a")) == plain


def test_every_figure_is_drawn_in_the_style() -> None:
    for path in (ROOT / "toysuper").rglob("*.py"):
        text = path.read_text()
        drawn = re.findall(r"^def \w+\(snapshot: Snapshot\) -> Figure", text, re.MULTILINE)
        assert text.count("@styled\ndef ") == len(drawn), path


def test_colours_mean_what_the_paper_says() -> None:
    blue, grey, red = (SIGNED(x)[:3] for x in (0.0, 0.5, 1.0))
    assert blue[2] > blue[0] and red[0] > red[2] and max(grey) - min(grey) < 0.02
    dark, yellow, beyond = (unit_scale(GRADED).to_rgba(x)[:3] for x in (0.0, 1.0, 7.0))
    assert sum(dark) < 0.7 and yellow[0] > 0.9 > yellow[2] and beyond == yellow


def test_the_style_is_matplotlibs_for_everybody() -> None:
    with mpl.style.context("toysuper.figures.paper"):
        assert mpl.rcParams["axes.prop_cycle"].by_key()["color"] == list(SETS)
