import pytest

from tests.experiments.octahedron._models import APART, OCTAHEDRON, OPEN, with_history
from toysuper.experiments.octahedron.measurement import stages


def test_stages_begin_where_the_geometry_changes() -> None:
    steps = stages(with_history(0.05 * OPEN, APART, OPEN, OCTAHEDRON, OCTAHEDRON))
    assert [float(step[0]) for step in steps] == [10, 20, 30]
    assert steps.in_order.all()


@pytest.mark.parametrize(
    "weights",
    [
        (0.05 * OPEN, OPEN, APART, OCTAHEDRON),
        (0.05 * OPEN, OPEN, OCTAHEDRON, OCTAHEDRON),
        (0.05 * OPEN, APART, OPEN, OPEN),
    ],
)
def test_other_stories_are_out_of_order(weights) -> None:
    assert not stages(with_history(*weights)).in_order.any()
