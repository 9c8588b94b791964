import pytest
import torch

from toysuper.data.curves import Range
from toysuper.data.grid import Grid
from toysuper.functional.noise import bits
from toysuper.functional.sampling import sparse_uniform

KEYS = Grid({"seed": Range(2)}).keys()
DENSITY = torch.tensor([[1.0, 0.5, 0.1], [0.3, 0.05, 0.01]], dtype=torch.float64)
SAMPLES = 1 << 18


def sample(signed: bool = False) -> torch.Tensor:
    return sparse_uniform(bits(KEYS, 0, 1, 3, SAMPLES), DENSITY, signed)


@pytest.mark.parametrize("signed", [False, True])
def test_each_feature_has_its_own_density(signed: bool) -> None:
    rate = (sample(signed) != 0).double().mean(-1)
    spread = (DENSITY * (1 - DENSITY) / SAMPLES).sqrt()
    assert ((rate - DENSITY).abs() <= 5 * spread + 1e-12).all()


def test_active_values_are_uniform_on_the_unit_interval() -> None:
    """A wrong use of one number for gate and value would give U[0, p] or U[1 - p, 1]."""
    x = sample()
    for p, row in zip(DENSITY.flatten(), x.flatten(0, 1), strict=True):
        active = row[row > 0]
        quarters = torch.histc(active, 4, 0, 1) / len(active)
        assert (quarters - 0.25).abs().max() < 5 * (0.1875 / (p * SAMPLES)).sqrt()


def test_signs_are_balanced_and_independent_of_size() -> None:
    x = sample(signed=True)[0, 0]
    assert abs(float(x.sign().mean())) < 5 / SAMPLES**0.5
    correlation = torch.corrcoef(torch.stack([x.sign(), x.abs()]))[0, 1]
    assert abs(float(correlation)) < 5 / SAMPLES**0.5


def test_features_are_independent() -> None:
    """A mask broadcast over features or samples would show as correlation 1."""
    active = (sample() > 0).double()
    both = active[1, 0] * active[1, 1]
    expected = DENSITY[1, 0] * DENSITY[1, 1]
    assert abs(both.mean() - expected) < 5 * (expected / SAMPLES).sqrt()
    assert not torch.equal(active[0, 1], active[1, 0])


def test_density_one_is_always_active() -> None:
    assert (sample()[0, 0] > 0).double().mean() > 1 - 1e-6
