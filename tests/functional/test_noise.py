"""Statistics of the noise, each beside a generator that must fail it.

Everything is a pure function, so a statistic beyond five standard deviations is a defect.
"""

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from toysuper.data.curves import Range
from toysuper.data.grid import Grid
from toysuper.functional.noise import Purpose, bits, normal, pcg4d, standard_normal, uniform

KEYS = Grid({"seed": Range(8)}).keys()


def stream(keys: Tensor = KEYS[:1], step: int = 0, purpose: int = 1, rows: int = 1) -> Tensor:
    return uniform(bits(keys, step, purpose, rows, 1 << 16), torch.float64)


def z_of_counts(cells: Tensor, count: int) -> float:
    """Distance of the chi-square of cell counts from its mean, in standard deviations."""
    counts = torch.bincount(cells.flatten(), minlength=count).double()
    expected = cells.numel() / count
    chi = ((counts - expected) ** 2 / expected).sum()
    return float((chi - (count - 1)) / (2 * (count - 1)) ** 0.5)


def z_of_pairs(a: Tensor, b: Tensor, side: int = 32) -> float:
    return z_of_counts((a * side).long() * side + (b * side).long(), side * side)


def weyl(samples: int, offset: float = 0.0) -> Tensor:
    """A bad generator: evenly spread, but each number determines the next."""
    return (torch.arange(samples) * 0.6180339887498949 + offset) % 1


def randu(samples: int) -> Tensor:
    """The generator RANDU, whose triples lie on fifteen planes."""
    state, out = 1, []
    for _ in range(samples):
        state = state * 65539 % 2**31
        out.append(state / 2**31)
    return torch.tensor(out)


def test_values_are_uniform() -> None:
    u = stream(KEYS, rows=4)
    assert u.min() >= 0 and u.max() < 1
    assert abs(z_of_counts((u * 1024).long(), 1024)) < 5


def test_low_bits_are_uniform_too() -> None:
    low = bits(KEYS, 0, 1, 4, 1 << 14) & 1023
    assert abs(z_of_counts(low.long(), 1024)) < 5


def test_the_uniformity_test_rejects_a_skewed_generator() -> None:
    assert z_of_counts((stream(KEYS, rows=4) ** 1.02 * 1024).long(), 1024) > 5


def test_moments() -> None:
    u = stream(KEYS, rows=4)
    for k in range(1, 5):
        spread = (1 / (2 * k + 1) - 1 / (k + 1) ** 2) ** 0.5 / u.numel() ** 0.5
        assert abs(float((u**k).mean()) - 1 / (k + 1)) < 5 * spread


NEIGHBOURS: dict[str, Callable[[], tuple[Tensor, Tensor]]] = {
    "seed": lambda: (stream(KEYS[:1]), stream(KEYS[1:2])),
    "one bit of the key": lambda: (
        stream(KEYS[:1]),
        stream(KEYS[:1] ^ torch.tensor([[1, 0]]).int()),
    ),
    "step": lambda: (stream(step=0), stream(step=1)),
    "far step": lambda: (stream(step=5), stream(step=5 + (1 << 20))),
    "purpose": lambda: (stream(purpose=Purpose.TRAIN), stream(purpose=Purpose.VAL)),
    "feature": lambda: tuple(stream(rows=2)[0]),
    "sample": lambda: (stream()[..., :-1], stream()[..., 1:]),
    "far sample": lambda: (stream()[..., :-1024], stream()[..., 1024:]),
}


@pytest.mark.parametrize("coordinate", NEIGHBOURS)
def test_neighbours_in_every_coordinate_are_independent(coordinate: str) -> None:
    a, b = NEIGHBOURS[coordinate]()
    assert abs(z_of_pairs(a, b)) < 5
    correlation = torch.corrcoef(torch.stack([a.flatten(), b.flatten()]))[0, 1]
    assert abs(float(correlation)) < 5 / a.numel() ** 0.5


def test_the_pair_test_rejects_a_weyl_sequence() -> None:
    assert z_of_pairs(weyl(1 << 16)[:-1], weyl(1 << 16)[1:]) > 5


def triples(u: Tensor) -> float:
    u = u.flatten()
    cells = [(u[k : len(u) - 2 + k] * 32).long() for k in range(3)]
    return z_of_counts(cells[0] * 1024 + cells[1] * 32 + cells[2], 32**3)


def test_triples_show_no_lattice() -> None:
    assert abs(triples(uniform(bits(KEYS[:1], 0, 1, 1, 1 << 19), torch.float64))) < 5


def test_the_triple_test_rejects_randu() -> None:
    assert triples(randu(1 << 17)) > 5


def test_each_input_bit_changes_half_of_the_output() -> None:
    base = bits(KEYS[:1], 3, 1, 64, 64)
    for bit in (0, 7, 15, 30):
        for word in (0, 1):
            key = KEYS[:1].clone()
            key[0, word] ^= 1 << bit
            assert flipped(base ^ bits(key, 3, 1, 64, 64)) == pytest.approx(0.5, abs=0.01)
        assert flipped(base ^ bits(KEYS[:1], 3 ^ (1 << bit), 1, 64, 64)) == pytest.approx(
            0.5, abs=0.01
        )
        shifted = bits(KEYS[:1], 3, 1, 64, 64, first=1 << bit)
        assert flipped(base ^ shifted) == pytest.approx(0.5, abs=0.01)


def flipped(difference: Tensor) -> float:
    ones = torch.stack([(difference >> k) & 1 for k in range(32)])
    return float(ones.double().mean())


def test_rows_of_different_streams_do_not_coincide() -> None:
    first = torch.cat([bits(KEYS, s, p, 16, 1).flatten() for s in range(64) for p in range(1, 5)])
    repeats = first.numel() - first.unique().numel()
    assert repeats <= 5  # of 32768 draws among 2**32, 0.1 are expected


def test_a_part_of_a_grid_gets_the_numbers_of_the_full_grid() -> None:
    full = bits(KEYS, 9, 2, 5, 64)
    assert torch.equal(full[[6, 2], :3, 10:20], bits(KEYS[[6, 2]], 9, 2, 3, 10, first=10))


def reference_pcg4d(x: int, y: int, z: int, w: int) -> list[int]:
    """The code of Jarzynski & Olano 2020, line by line, in integers of Python."""
    v = [(word * 1664525 + 1013904223) % 2**32 for word in (x, y, z, w)]
    for last in (False, True):
        v[0] = (v[0] + v[1] * v[3]) % 2**32
        v[1] = (v[1] + v[2] * v[0]) % 2**32
        v[2] = (v[2] + v[0] * v[1]) % 2**32
        v[3] = (v[3] + v[1] * v[2]) % 2**32
        v = v if last else [word ^ (word >> 16) for word in v]
    return v


def test_pcg4d_agrees_with_its_publication() -> None:
    words = torch.randint(-(2**31), 2**31, (4, 50), generator=torch.Generator().manual_seed(0))
    hashed = torch.stack(pcg4d(*words.int())).long() % 2**32
    expected = [reference_pcg4d(*column) for column in (words % 2**32).T.tolist()]
    assert hashed.T.tolist() == expected


def test_the_numbers_never_change() -> None:
    """All weights, tables and verdicts depend on these numbers."""
    keys = torch.tensor([[1, 2]], dtype=torch.int32)
    expected = [[-890150299, 1345249613, 167291880], [-1753865464, 1182147464, -334522762]]
    assert bits(keys, 3, Purpose.TRAIN, 2, 3)[0].tolist() == expected
    values = normal(keys, 5, 1, 3, torch.float64).flatten().tolist()
    expected_values = [0.7424953754151282, -0.9490201390560811, 0.08611033806629823]
    assert values == pytest.approx(expected_values, rel=1e-12)


def assert_normal(z: Tensor) -> None:
    """Mean, variance, skewness and kurtosis; the spread is the variance of the power."""
    for power, expected, spread in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        error = abs(float((z.double() ** power).mean()) - expected)
        assert error < 5 * spread**0.5 / z.numel() ** 0.5


def test_initial_weights_are_normal() -> None:
    z = normal(KEYS, 0, 64, 512)
    assert_normal(z)
    assert not torch.equal(z, normal(KEYS, 1, 64, 512))


DTYPES = [torch.float32, torch.float64]


@pytest.mark.parametrize("dtype", DTYPES)
def test_standard_normal_numbers_are_normal(dtype: torch.dtype) -> None:
    words = bits(KEYS, 0, Purpose.MODEL, 128, 512)
    z = standard_normal(words[:, :64], words[:, 64:], dtype)
    assert z.dtype == dtype
    assert_normal(z)
    with pytest.raises(AssertionError):  # control: a variance of 1.03
        assert_normal(1.015 * z)


@pytest.mark.parametrize("dtype", DTYPES)
def test_each_word_of_a_standard_normal_number_counts(dtype: torch.dtype) -> None:
    """A common radius leaves z uncorrelated; a common angle correlates it by E[r]^2 / E[r^2]."""
    a, b, c, d = bits(KEYS, 0, Purpose.MODEL, 256, 512).unflatten(1, (4, 64)).unbind(1)
    z = standard_normal(a, b, dtype).flatten()
    for words, expected in (((c, d), 0), ((b, a), 0), ((a, c), 0), ((c, b), math.pi / 4)):
        other = standard_normal(*words, dtype).flatten()
        correlation = float(torch.corrcoef(torch.stack([z, other]))[0, 1])
        assert abs(correlation - expected) < 5 / z.numel() ** 0.5


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, *DTYPES])
def test_standard_normal_numbers_are_finite_for_every_pattern(dtype: torch.dtype) -> None:
    extreme = [0, 1, -1, 2**31 - 1, -(2**31), 1 - 2**31, 2**30, 2**31 - 65, 2**24]
    a, b = torch.meshgrid(*[torch.tensor(extreme, dtype=torch.int32)] * 2, indexing="ij")
    z = standard_normal(a, b, dtype)
    assert z.isfinite().all() and z.abs().max() < 6.6


def test_standard_normal_numbers_agree_in_float32_and_float64() -> None:
    a, b = bits(KEYS, 0, Purpose.MODEL, 2, 4096).unbind(1)
    pair = [standard_normal(a, b, dtype).double() for dtype in DTYPES]
    torch.testing.assert_close(*pair, rtol=0, atol=2e-3)  # near u = 1 float32 rounds the radius


def test_half_precision_gets_the_same_numbers() -> None:
    draws = bits(KEYS, 0, 1, 4, 4096)
    difference = uniform(draws, torch.float16).double() - uniform(draws, torch.float64)
    assert float(difference.abs().max()) <= 2.0**-11


def test_float32_gets_the_same_numbers() -> None:
    draws = bits(KEYS, 0, 1, 4, 256)
    difference = uniform(draws, torch.float32).double() - uniform(draws, torch.float64)
    assert float(difference.abs().max()) <= 2.0**-24


@given(
    step=st.integers(0, 2**31 - 1),
    cuts=st.tuples(*[st.integers(0, 40)] * 2).map(sorted),
    instances=st.lists(st.integers(0, 7), min_size=1, max_size=4),
    rows=st.integers(1, 5),
)
def test_any_part_gets_the_numbers_of_the_full_grid(step: int, cuts, instances, rows: int) -> None:
    first, last = cuts
    full = bits(KEYS, step, Purpose.TRAIN, 5, 40)
    part = bits(KEYS[instances], step, Purpose.TRAIN, rows, last - first, first)
    assert torch.equal(part, full[instances, :rows, first:last])
    assert ((uniform(part, torch.float64) >= 0) & (uniform(part, torch.float64) < 1)).all()
