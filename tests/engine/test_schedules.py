import pytest

from toysuper.engine.schedules import Constant, Cosine, Linear
from toysuper.errors import UserError


@pytest.mark.parametrize("schedule", [Constant, Linear, Cosine])
def test_warm_up_rises_to_one_and_never_exceeds_it(schedule) -> None:
    factors = [schedule(warmup=0.1)(k / 100) for k in range(100)]
    assert factors[0] == 0 and factors[5] == pytest.approx(0.5) and factors[10] == 1
    assert max(factors) == 1 and min(factors) >= 0


@pytest.mark.parametrize("warmup", [-0.1, 1.0])
def test_a_warm_up_is_a_fraction_of_training(warmup: float) -> None:
    with pytest.raises(UserError, match=r"a fraction of training in \[0, 1\)"):
        Cosine(warmup=warmup)


def test_nothing_rises_again_after_the_end() -> None:
    assert Linear()(1.7) == 0 and Cosine()(2.0) == pytest.approx(0)


def test_ends() -> None:
    assert Constant()(0.99) == 1
    assert Linear()(0.99) == pytest.approx(0.01)
    assert Cosine()(0.99) < 0.001
