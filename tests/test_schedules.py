import pytest

from toysuper.schedules import Constant, Cosine, Linear


@pytest.mark.parametrize("schedule", [Constant, Linear, Cosine])
def test_warm_up_rises_to_one_and_never_exceeds_it(schedule) -> None:
    factors = [schedule(warmup=0.1)(k / 100) for k in range(100)]
    assert factors[0] == 0 and factors[5] == pytest.approx(0.5) and factors[10] == 1
    assert max(factors) == 1 and min(factors) >= 0


def test_ends() -> None:
    assert Constant()(0.99) == 1
    assert Linear()(0.99) == pytest.approx(0.01)
    assert Cosine()(0.99) < 0.001
