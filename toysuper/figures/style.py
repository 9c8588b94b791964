"""The colours and the look that all figures share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import rc_params_from_file
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure

from toysuper.snapshot import Snapshot

SIGNED = LinearSegmentedColormap.from_list("signed", ["#2f6db3", "#ececec", "#c0392b"])
"""Colour map of weights and biases: blue is -1, grey 0, red +1, as in the paper's matrices."""

GRADED = "viridis"
"""Colour map of superposition and importance: dark is 0, yellow 1 or more. Colour-blind safe."""

SETS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9")
"""Colours of sets of features that are drawn together, by Okabe and Ito. Colour-blind safe."""

PARTS = (*SETS[:2], SETS[4], SETS[2], "#c9c9c9")
"""Colours of the parts of a sum."""

POLYTOPE_COLOURS = {
    "single": "#6a6a6a",
    "digon": SETS[0],
    "triangle": SETS[1],
    "tetrahedron": SETS[2],
    "pentagon": SETS[3],
    "square antiprism": SETS[4],
    "icosahedron": SETS[5],
}

STYLE = rc_params_from_file(Path(__file__).with_name("paper.mplstyle"), use_default_template=False)


@contextmanager
def paper_style() -> Iterator[None]:
    """Set matplotlib's defaults and ``paper.mplstyle``, and no ``matplotlibrc`` of any folder."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        yield


def styled(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Draw in the look of ``paper.mplstyle``, whatever the caller's settings of matplotlib are."""

    @wraps(draw)
    def in_style(*args: Any, **kwargs: Any) -> Figure:
        with paper_style():
            return draw(*args, **kwargs)

    return in_style


def set_colours(snapshot: Snapshot) -> list[str]:
    """Return each feature's colour by its set; an empty list if each feature is its own set."""
    label = snapshot.set_index[0].tolist()
    return [SETS[k % len(SETS)] for k in label] if len(set(label)) < len(label) else []


def unit_scale(name: str) -> ScalarMappable:
    """Return a colour scale for values in [0, 1]; larger values look like 1."""
    return ScalarMappable(Normalize(0, 1, clip=True), name)
