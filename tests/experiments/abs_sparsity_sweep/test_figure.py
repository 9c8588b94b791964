import pytest

from tests._figures import assert_draws, untied_neurons
from tests.figures._models import boxes, tied
from toysuper.errors import UserError
from toysuper.experiments.abs_sparsity_sweep.figure import absolute_stacks, neurons_over_training


def test_absolute_stacks_have_nothing_below_the_axis() -> None:
    axes = absolute_stacks(tied()).axes[0]
    _, low, _, high = boxes(axes).T
    assert low.min() == 0 and high.max() == pytest.approx(1.7)


def test_the_largest_weight_is_next_to_the_axis() -> None:
    _, low, _, high = boxes(absolute_stacks(tied()).axes[0]).T
    at_the_axis = high[low == 0]
    assert sorted(at_the_axis) == pytest.approx([0.5, 1.0])


def test_training_needs_a_history() -> None:
    with pytest.raises(UserError, match=r"needs a history; set history\.num"):
        neurons_over_training(tied())


@pytest.mark.parametrize("draw", [absolute_stacks, neurons_over_training])
def test_it_draws_something(draw) -> None:
    assert_draws(draw(untied_neurons()))
