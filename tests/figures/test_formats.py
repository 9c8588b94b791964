import io
from functools import partial
from xml.etree import ElementTree

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from toysuper.figures.formats import described, gif, pixels, png, svg


def drawn(title: str = "1 - S = 0.1") -> Figure:
    figure = Figure(figsize=(3, 2))
    figure.subplots().set_title(title)
    figure.supxlabel("n = 5 features")
    return figure


def a_figure(snapshot: None) -> Figure:
    """Each :math:`W_i` as a line,
    one panel a model.

    More of it.
    """


ABOUT = "Each W_i as a line, one panel a model. n = 5 features. Panels: 1 - S = 0.1."


def test_a_description_is_the_first_sentence_the_caption_and_the_panels() -> None:
    assert described(a_figure, drawn()) == ABOUT
    assert described(a_figure, drawn("1 - S\x01 = 0.1")) == ABOUT, "which no XML may hold"


class Drawing:
    """A figure that is an object."""

    def __call__(self, snapshot: None) -> Figure:
        return drawn()


def test_any_callable_has_a_description() -> None:
    assert described(partial(partial(a_figure), None), drawn()) == ABOUT
    assert described(Drawing(), drawn()).startswith("A figure that is an object. n = 5")
    assert described(lambda snapshot: drawn(), drawn()).startswith("<lambda> n = 5")


def test_files_say_what_they_show() -> None:
    picture = Image.open(io.BytesIO(png(drawn(), ABOUT)))
    assert picture.text["Description"] == ABOUT and picture.size == (450, 300)
    assert ABOUT in "".join(ElementTree.fromstring(svg(drawn(), ABOUT)).itertext())
    film = Image.open(io.BytesIO(gif([pixels(drawn("a")), pixels(drawn("b"))], ABOUT)))
    assert film.info["comment"].decode() == ABOUT and film.n_frames == 2


def test_an_svg_is_the_same_whenever_it_is_made() -> None:
    assert svg(drawn(), ABOUT) == svg(drawn(), ABOUT)


def test_pixels_are_those_of_the_picture() -> None:
    assert pixels(drawn()).shape == (200, 300, 3) and np.ptp(pixels(drawn())) > 200
