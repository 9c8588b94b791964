from tests._figures import panel_titles
from tests._run import data, snapshot_of
from tests.figures._models import tied
from toysuper.figures import directions_2d
from toysuper.figures.text import titles


def test_titles_name_what_differs() -> None:
    models = tied(density=[1.0, 0.2], hidden_activation=["relu"])
    assert titles(models) == ["1 - S = 1", "1 - S = 0.2"]
    assert titles(models.pick([0])) == ["1 - S = 1, ReLU"]


def test_titles_say_the_density_that_the_features_have() -> None:
    world = data(density=0.5, grid={"density": [0.2]})
    assert panel_titles(directions_2d(snapshot_of(world, 2))) == ["1 - S = 0.1"]
