"""What every figure of a Snapshot has."""

import numpy as np
from matplotlib.figure import Figure

from toysuper.figures.formats import pixels


def assert_draws(figure: Figure) -> None:
    """Every visible panel has data, and the picture many colours."""
    assert all(axes.has_data() for axes in figure.axes if axes.get_visible())
    picture = pixels(figure)
    assert picture.dtype == np.uint8 and picture.shape[2] == 3
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 50


def panel_titles(figure: Figure) -> list[str]:
    return [axes.get_title() for axes in figure.axes if axes.get_title()]
