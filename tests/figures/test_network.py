import pytest

from tests._run import data, snapshot_of
from tests.figures._models import W, tied
from toysuper.errors import UserError
from toysuper.figures import network_graph
from toysuper.models import ReLUHiddenModel


def test_a_graph_has_a_line_for_every_weight() -> None:
    lines = network_graph(tied()).axes[0].collections
    inward, outward = (group for group in lines if len(group.get_paths()[0].vertices) == 2)
    assert len(inward.get_paths()) == len(outward.get_paths()) == int((W.abs() > 0.05).sum())


def test_a_graph_of_hundreds_is_refused() -> None:
    world = data(n=60)
    with pytest.raises(UserError, match="up to 40 features and neurons, not 60"):
        network_graph(snapshot_of(world, 1, model=ReLUHiddenModel))
