import pytest

from tests.figures._models import W, boxes, tied
from toysuper.figures import neuron_stacks
from toysuper.figures.stacks import MIN_HEIGHT, draw_stacks


def test_stacks_are_as_high_as_the_weights() -> None:
    axes = neuron_stacks(tied()).axes[0]
    _, low, _, high = boxes(axes).T
    assert len(low) == int((W.abs() > MIN_HEIGHT).sum()) == 4
    first, second = boxes(axes)[:, 0] < 0, boxes(axes)[:, 0] > 0
    assert [high[first].max(), low[first].min()] == pytest.approx([0.5, -0.2])
    assert [high[second].max(), low[second].min()] == pytest.approx([0.7, -1.0])


def test_absolute_stacks_have_nothing_below_the_axis() -> None:
    axes = draw_stacks(tied(), signed=False).axes[0]
    _, low, _, high = boxes(axes).T
    assert low.min() == 0 and high.max() == pytest.approx(1.7)


def test_the_largest_weight_is_next_to_the_axis() -> None:
    _, low, _, high = boxes(draw_stacks(tied(), signed=False).axes[0]).T
    at_the_axis = high[low == 0]
    assert sorted(at_the_axis) == pytest.approx([0.5, 1.0])
