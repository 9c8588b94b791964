"""Figures as files that say what they show."""

import inspect
import io
import re
from collections.abc import Callable, Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from PIL.PngImagePlugin import PngInfo

DOTS = 150
"""Of a figure's file, an inch."""

PANELS = "Panels: "
"""What a description ends with."""


def described(function: Callable, figure: Figure) -> str:
    """What a figure shows in words: the function's first sentences, the caption, the panels.

    >>> described(inspect.getdoc, Figure())
    'Get the documentation string for an object.'
    """
    first = (inspect.getdoc(function) or function.__name__).partition("\n\n")[0]
    first = re.sub(r":\w+:`(.+?)`", r"\1", " ".join(first.split()))
    panels = dict.fromkeys(axes.get_title().replace("\n", ", ") for axes in figure.axes)
    titles = "; ".join(title for title in panels if title)
    caption = figure.get_supxlabel()
    said = [first, caption and f"{caption}.", titles and f"{PANELS}{titles}."]
    return "".join(c for c in " ".join(part for part in said if part) if c.isprintable())


def png(figure: Figure, about: str) -> bytes:
    """A picture of 150 dots an inch, with its description inside."""
    text, content = PngInfo(), io.BytesIO()
    text.add_text("Description", about)
    picture = Image.fromarray(pixels(figure, DOTS))
    picture.save(content, "png", pnginfo=text, dpi=(DOTS, DOTS))
    return content.getvalue()


def svg(figure: Figure, about: str) -> bytes:
    """A drawing, the same bytes whenever it is made."""
    content = io.BytesIO()
    with rc_context({"svg.hashsalt": "toysuper"}):
        metadata = {"Description": about, "Date": None}
        figure.savefig(content, format="svg", dpi=DOTS, metadata=metadata)
    return content.getvalue()


def gif(pictures: Sequence[np.ndarray], about: str, milliseconds: int = 80) -> bytes:
    """An endless animation that rests at its last picture."""
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
    """The figure as ``(height, width, 3)`` bytes, with so many dots an inch."""
    figure.set_dpi(dots)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
