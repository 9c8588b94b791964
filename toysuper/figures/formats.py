"""Figures as PNG, SVG and GIF files that contain their description."""

import inspect
import io
import re
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from toysuper.figures.style import paper_style

DOTS_PER_INCH = 150
"""Resolution of saved figures in dots per inch."""

PANELS = "Panels: "
"""Start of the last sentence of a description."""


def described(function: Callable, figure: Figure) -> str:
    """Describe a figure in words: the function's first sentences, the caption, the panels.

    Args:
        function: what drew the figure; a function, a partial one, or another callable.
        figure: the drawn figure.

    >>> described(inspect.getdoc, Figure())
    'Get the documentation string for an object.'
    """
    first = _docstring(function).partition("\n\n")[0]
    first = re.sub(r":\w+:`(.+?)`", r"\1", " ".join(first.split()))
    panels = dict.fromkeys(axes.get_title().replace("\n", ", ") for axes in figure.axes)
    titles = "; ".join(title for title in panels if title)
    caption = figure.get_supxlabel()
    sentences = [first, caption and f"{caption}.", titles and f"{PANELS}{titles}."]
    return "".join(c for c in " ".join(part for part in sentences if part) if c.isprintable())


def _docstring(function: Callable) -> str:
    """Return the docstring of a callable, else its name or its type's."""
    while isinstance(function, partial):
        function = function.func
    name = getattr(function, "__name__", type(function).__name__)
    return inspect.getdoc(function) or name


def png(figure: Figure, about: str) -> bytes:
    """Encode a figure as PNG of 150 dots per inch, with its description in the metadata."""
    text, content = PngInfo(), io.BytesIO()
    text.add_text("Description", about)
    picture = Image.fromarray(pixels(figure, DOTS_PER_INCH))
    picture.save(content, "png", pnginfo=text, dpi=(DOTS_PER_INCH, DOTS_PER_INCH))
    return content.getvalue()


def svg(figure: Figure, about: str) -> bytes:
    """Encode a figure as SVG. The same figure always gives the same bytes."""
    content = io.BytesIO()
    with paper_style(), rc_context({"svg.hashsalt": "toysuper"}):
        metadata = {"Description": about, "Date": None}
        figure.savefig(content, format="svg", dpi=DOTS_PER_INCH, metadata=metadata)
    return content.getvalue()


def gif(pictures: Sequence[np.ndarray], about: str, milliseconds: int = 80) -> bytes:
    """Encode pictures as an endless animation that rests at the last one.

    Args:
        pictures: arrays ``(height, width, 3)`` of bytes.
        about: description, for the metadata.
        milliseconds: duration of each picture; the last one lasts 25 times longer.
    """
    frames = [Image.fromarray(picture).quantize(64) for picture in pictures]
    waits = [milliseconds] * (len(frames) - 1) + [25 * milliseconds]
    film = io.BytesIO()
    frames[0].save(
        film,
        "gif",
        save_all=True,
        append_images=frames[1:],
        duration=waits,
        loop=0,
        optimize=True,
        comment=about.encode(),
    )
    return film.getvalue()


def pixels(figure: Figure, dots: float = 100) -> np.ndarray:
    """Draw the figure into an array ``(height, width, 3)`` of bytes, with ``dots`` per inch."""
    figure.set_dpi(dots)
    canvas = FigureCanvasAgg(figure)
    with paper_style():
        canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
