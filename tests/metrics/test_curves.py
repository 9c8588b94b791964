import pytest

from tests._run import data, snapshot_of
from toysuper.errors import UserError
from toysuper.metrics.curves import training_curves


def test_training_curves_needs_a_history() -> None:
    world = data()
    with pytest.raises(UserError, match=r"set history\.num"):
        training_curves(snapshot_of(world, 2))
