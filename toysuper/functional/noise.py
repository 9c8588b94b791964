"""Counter-based random numbers: each number is a pure function of its position.

A stream is named by ``(key, step, purpose)`` and indexed by ``(row, sample)``. Therefore a resumed
run continues exactly, ranks never repeat each other, a part of a grid gets the same numbers as the
full grid, and the sampler fuses into the compiled training step. ``pcg4d`` hashes each row to two
words, and a two-round mixer hashes these two words with the index of each sample.

Sources: Jarzynski & Olano, "Hash Functions for GPU Rendering", JCGT 9(3), 2020,
https://jcgt.org/published/0009/03/02/ (pcg4d); Wellons, "Hash Function Prospector",
https://github.com/skeeto/hash-prospector (the mixer).
"""

import math
from enum import IntEnum

import torch
from jaxtyping import Float, Int
from torch import Tensor

LCG_MULTIPLIER, LCG_INCREMENT = 1664525, 1013904223
"""The linear congruential generator of Press et al., *Numerical Recipes*, section 7.1."""

GOLDEN = 0x9E3779B9 - (1 << 32)
"""2^32 over the golden ratio, as an int32 (Knuth, *The Art of Computer Programming* 3, 6.4)."""

MIX_1, MIX_2 = 0x21F0AAAD, 0xD35A2D97 - (1 << 32)
"""Multipliers of a two-round hash with shifts 16, 15, 15, as int32: see hash-prospector above."""


class Purpose(IntEnum):
    """The use of a stream of random numbers; two purposes never share numbers."""

    INIT = 0
    TRAIN = 1
    VAL = 2
    TEST = 3
    PREDICT = 4
    ANALYSIS = 5
    MODEL = 6
    """Numbers that a variant asks of a batch while it trains."""


def _shift(v: Tensor, bits: int) -> Tensor:
    return (v >> bits) & ((1 << (32 - bits)) - 1)  # torch fills the upper bits with the sign bit


def pcg4d(x: Tensor, y: Tensor, z: Tensor, w: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Hash four words of 32 bits into four, modulo 2^32.

    Source: Jarzynski & Olano 2020, https://jcgt.org/published/0009/03/02/

    Args:
        x: first word, int32; all four broadcast against each other.
        y: second word, int32.
        z: third word, int32.
        w: fourth word, int32.

    >>> one = torch.ones((), dtype=torch.int32)
    >>> [int(word) for word in pcg4d(one, one, one, one)]
    [-1311104940, 1762580513, -4310127, 765877821]
    """
    x, y, z, w = (v * LCG_MULTIPLIER + LCG_INCREMENT for v in (x, y, z, w))
    x, y, z, w = _cross(x, y, z, w)
    x, y, z, w = (v ^ _shift(v, 16) for v in (x, y, z, w))
    return _cross(x, y, z, w)


def _cross(x: Tensor, y: Tensor, z: Tensor, w: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    x = x + y * w
    y = y + z * x
    z = z + x * y
    return x, y, z, w + y * z


def bits(
    keys: Int[Tensor, "inst 2"],
    step: Int[Tensor, ""] | int,
    purpose: int,
    rows: int,
    samples: int,
    first: int = 0,
    first_row: int = 0,
) -> Int[Tensor, "inst {rows} {samples}"]:
    """Compute 32 random bits for each (instance, row, sample) of one step.

    Args:
        keys: two int32 words per instance, from :meth:`toysuper.data.grid.Grid.keys`.
        step: the optimiser step, or the number of the batch in an evaluation.
        purpose: one of :class:`Purpose`.
        rows: number of rows, usually one per feature.
        samples: number of samples.
        first: index of the first sample; a rank that computes the second half of a batch starts
            in the middle of it.
        first_row: index of the first row.

    >>> keys = torch.tensor([[1, 2], [3, 4]], dtype=torch.int32)
    >>> batch = bits(keys, 7, Purpose.TRAIN, rows=3, samples=8)
    >>> torch.equal(batch[1:, :, 4:], bits(keys[1:], 7, Purpose.TRAIN, 3, 4, first=4))
    True
    """
    step = torch.as_tensor(step, device=keys.device).to(torch.int32).expand(1, 1)
    row = torch.arange(first_row, first_row + rows, dtype=torch.int32, device=keys.device)
    row = row[None] * 8 + purpose
    a, b, _, _ = pcg4d(keys[:, :1], keys[:, 1:], step, row)
    sample = torch.arange(first, first + samples, dtype=torch.int32, device=keys.device)
    return _mix(sample * GOLDEN + a[..., None], b[..., None])


def _mix(v: Tensor, word: Tensor) -> Tensor:
    v = (v ^ _shift(v, 16)) * MIX_1
    v = v ^ word  # else rows with equal first words would be equal
    v = (v ^ _shift(v, 15)) * MIX_2
    return v ^ _shift(v, 15)


def uniform(random_bits: Int[Tensor, "..."], dtype: torch.dtype) -> Float[Tensor, "..."]:
    r"""Compute uniform numbers in [0, 1) from the low 31 bits; the sign bit stays unused.

    .. math:: u = 2^{-31} (\mathrm{bits} \bmod 2^{31})

    The step of :math:`2^{-31}` near zero keeps ``relu(1 - u / p)`` accurate for tiny densities p.
    In float32 the 64 largest values round to 1.0; every density p <= 1 maps them to an inactive 0.

    Args:
        random_bits: int32 words.
        dtype: floating-point type of the result.

    >>> uniform(torch.tensor([0, 1 << 30], dtype=torch.int32), torch.float32)
    tensor([0.0000, 0.5000])
    """
    wide = torch.promote_types(dtype, torch.float32)  # 2**31 overflows half precision
    return ((random_bits & 0x7FFFFFFF).to(wide) * 2.0**-31).to(dtype)


def standard_normal(
    random_bits_a: Int[Tensor, "*shape"], random_bits_b: Int[Tensor, "*shape"], dtype: torch.dtype
) -> Float[Tensor, "*shape"]:
    r"""Compute standard normal numbers from two random words each, by the Box-Muller transform.

    .. math:: z = \sqrt{-2 \ln u_a} \cos(2 \pi u_b), \quad u_a \in (0, 1], \; u_b \in [0, 1]

    All arithmetic is in ``dtype`` (float32 for half precision), so that it fuses into a compiled
    training step. Every pattern of bits gives a finite number, of at most 6.56 in size.

    Source: Box & Muller 1958, https://doi.org/10.1214/aoms/1177706645

    Args:
        random_bits_a: int32 words that decide the radius.
        random_bits_b: int32 words that decide the angle, independent of the first ones.
        dtype: floating-point type of the result.

    >>> keys = torch.tensor([[1, 2]], dtype=torch.int32)
    >>> words = bits(keys, step=0, purpose=Purpose.MODEL, rows=6, samples=1000)
    >>> z = standard_normal(words[:, :3], words[:, 3:], torch.float32)
    >>> z.shape, round(float(z.std()), 1)
    (torch.Size([1, 3, 1000]), 1.0)
    """
    wide = torch.promote_types(dtype, torch.float32)
    positive = ((random_bits_a & 0x7FFFFFFF).to(wide) + 1) * 2.0**-31  # the logarithm is finite
    radius = torch.sqrt(-2 * torch.log(positive))
    return (radius * torch.cos(2 * math.pi * uniform(random_bits_b, wide))).to(dtype)


def normal(
    keys: Int[Tensor, "inst 2"],
    stream: int,
    rows: int,
    columns: int,
    dtype: torch.dtype | None = None,
) -> Float[Tensor, "inst {rows} {columns}"]:
    """Compute standard normal numbers for initial weights, by Box-Muller in float64.

    Args:
        keys: two int32 words per instance.
        stream: number of the stream, different for each parameter.
        rows: number of rows of each matrix.
        columns: number of columns of each matrix.
        dtype: floating-point type of the result, by default that of torch.

    >>> keys = torch.tensor([[1, 2]], dtype=torch.int32)
    >>> normal(keys, stream=0, rows=2, columns=3).shape
    torch.Size([1, 2, 3])
    """
    u = uniform(bits(keys, stream, Purpose.INIT, rows, 2 * columns), torch.float64)
    radius = torch.sqrt(-2 * torch.log1p(-u[..., :columns]))
    values = radius * torch.cos(2 * math.pi * u[..., columns:])
    return values.to(dtype or torch.get_default_dtype())
