"""Statistics of the noise, each beside a generator that must fail it.

Everything is a pure function, so a statistic beyond five standard deviations is a defect.
"""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from toysuper.data.grid import Grid, Range
from toysuper.functional.noise import Purpose, bits, normal, uniform

KEYS = Grid({"seed": Range(8)}).keys()


def stream(keys: Tensor = KEYS[:1], step: int = 0, purpose: int = 1, rows: int = 1) -> Tensor:
    return uniform(bits(keys, step, purpose, rows, 1 << 16), torch.float64)


def z_of_counts(cells: Tensor, number: int) -> float:
    """How far the chi-square of cell counts lies from its mean, in standard deviations."""
    counts = torch.bincount(cells.flatten(), minlength=number).double()
    expected = cells.numel() / number
    chi = ((counts - expected) ** 2 / expected).sum()
    return float((chi - (number - 1)) / (2 * (number - 1)) ** 0.5)


def z_of_pairs(a: Tensor, b: Tensor, side: int = 32) -> float:
    return z_of_counts((a * side).long() * side + (b * side).long(), side * side)


def weyl(samples: int, offset: float = 0.0) -> Tensor:
    """A bad generator: evenly spread, but each number follows from the last."""
    return (torch.arange(samples) * 0.6180339887498949 + offset) % 1


def randu(samples: int) -> Tensor:
    """The infamous generator whose triples lie on fifteen planes."""
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


def test_uniformity_test_sees_a_skewed_generator() -> None:
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


def test_pair_test_sees_a_weyl_sequence() -> None:
    assert z_of_pairs(weyl(1 << 16)[:-1], weyl(1 << 16)[1:]) > 5


def triples(u: Tensor) -> float:
    u = u.flatten()
    cells = [(u[k : len(u) - 2 + k] * 32).long() for k in range(3)]
    return z_of_counts(cells[0] * 1024 + cells[1] * 32 + cells[2], 32**3)


def test_triples_show_no_lattice() -> None:
    assert abs(triples(uniform(bits(KEYS[:1], 0, 1, 1, 1 << 19), torch.float64))) < 5


def test_triple_test_sees_randus_planes() -> None:
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


def test_a_sub_grid_sees_what_the_whole_sees() -> None:
    whole = bits(KEYS, 9, 2, 5, 64)
    assert torch.equal(whole[[6, 2], :3, 10:20], bits(KEYS[[6, 2]], 9, 2, 3, 10, first=10))


def test_normal_numbers_are_normal() -> None:
    z = normal(KEYS, 0, 64, 512)
    for power, expected, spread in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        error = abs(float((z**power).mean()) - expected)
        assert error < 5 * spread**0.5 / z.numel() ** 0.5
    assert not torch.equal(z, normal(KEYS, 1, 64, 512))


def test_half_precision_sees_them_too() -> None:
    draws = bits(KEYS, 0, 1, 4, 4096)
    difference = uniform(draws, torch.float16).double() - uniform(draws, torch.float64)
    assert float(difference.abs().max()) <= 2.0**-11


def test_float32_sees_the_same_numbers() -> None:
    draws = bits(KEYS, 0, 1, 4, 256)
    difference = uniform(draws, torch.float32).double() - uniform(draws, torch.float64)
    assert float(difference.abs().max()) <= 2.0**-24


@given(
    step=st.integers(0, 2**31 - 1),
    cuts=st.tuples(*[st.integers(0, 40)] * 2).map(sorted),
    instances=st.lists(st.integers(0, 7), min_size=1, max_size=4),
    rows=st.integers(1, 5),
)
def test_any_part_sees_what_the_whole_sees(step: int, cuts, instances, rows: int) -> None:
    first, last = cuts
    whole = bits(KEYS, step, Purpose.TRAIN, 5, 40)
    part = bits(KEYS[instances], step, Purpose.TRAIN, rows, last - first, first)
    assert torch.equal(part, whole[instances, :rows, first:last])
    assert ((uniform(part, torch.float64) >= 0) & (uniform(part, torch.float64) < 1)).all()
