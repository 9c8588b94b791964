import numpy as np
import pytest
import torch

from tests._figures import panel_titles
from tests._run import data, snapshot_of
from toysuper.figures import gram
from toysuper.snapshot import Snapshot

GRID = {"density": [1.0, 0.2, 0.1], "activation": ["identity", "relu"], "seed": [0, 1]}


@pytest.fixture
def snapshot() -> Snapshot:
    world = data(grid=GRID)
    return snapshot_of(world, 5)


def test_titles_come_from_the_grid(snapshot: Snapshot) -> None:
    figure = gram(snapshot)
    names = ["1 - S = 0.1\nlinear", "1 - S = 1\nReLU", "1 - S = 0.2\nReLU", "1 - S = 0.1\nReLU"]
    assert panel_titles(figure) == names
    assert "n = 4 features, m = 2 hidden dimensions" in figure.get_supxlabel()


def test_gram_shows_the_numbers(snapshot: Snapshot) -> None:
    """The matrix and the bars are WᵀW, b and the norms of the best model, not of another."""
    model = (
        snapshot.where(lambda i: snapshot.coordinates[i]["activation"] == "relu").best().pick([0])
    )
    top, bars = (gram(model).axes[k] for k in (0, 1))
    picture = torch.tensor(np.ma.filled(top.images[0].get_array(), np.nan))
    torch.testing.assert_close(picture[:, :4], (model.W.mT @ model.W)[0], check_dtype=False)
    torch.testing.assert_close(picture[:, -1], model.bias[0], check_dtype=False)
    lengths = torch.tensor([bar.get_width() for bar in bars.patches])
    torch.testing.assert_close(lengths, model.W[0].norm(dim=0), check_dtype=False)


def test_gram_orders_features_by_importance() -> None:
    world = data(importance=[0.1, 1.0, 0.5, 0.2])
    snapshot = snapshot_of(world, 2)
    bars = gram(snapshot).axes[1].patches
    lengths = snapshot.W[0].norm(dim=0)[[1, 2, 3, 0]]
    torch.testing.assert_close(
        torch.tensor([bar.get_width() for bar in bars]), lengths, check_dtype=False
    )
