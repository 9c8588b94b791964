"""Counter-based randomness: every number is a pure function of where it is used.

A stream is named by ``(key, step, purpose)`` and indexed by ``(feature, sample)``, so resuming is
exact, ranks never repeat each other, a sub-grid sees what the whole grid sees, and the sampler
fuses into the compiled training step. Rows are keyed by ``pcg4d`` and samples by a two-round
32-bit mixer that takes both words of the row's key.

Reference: Jarzynski & Olano, "Hash Functions for GPU Rendering", JCGT 9(3), 2020.
"""

import math
from enum import IntEnum

import torch
from jaxtyping import Float, Int
from torch import Tensor


class Purpose(IntEnum):
    """What a stream of numbers is for; different purposes never share numbers."""

    INIT = 0
    TRAIN = 1
    VAL = 2
    TEST = 3
    PREDICT = 4
    ANALYSIS = 5
    MODEL = 6


def _int32(word: int) -> int:
    return word - (1 << 32) if word >= 1 << 31 else word


def _shift(v: Tensor, bits: int) -> Tensor:
    return (v >> bits) & ((1 << (32 - bits)) - 1)  # torch shifts int32 with its sign


def pcg4d(x: Tensor, y: Tensor, z: Tensor, w: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Hash four int32 words into four (broadcasting); wraps modulo 2**32.

    >>> one = torch.ones((), dtype=torch.int32)
    >>> [int(v) for v in pcg4d(one, one, one, one)] == [int(v) for v in pcg4d(one, one, one, one)]
    True
    """
    x, y, z, w = (v * 1664525 + 1013904223 for v in (x, y, z, w))
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
    """32 random bits for every (instance, row, sample) of one step.

    Args:
        keys: two int32 words per instance, see :meth:`toysuper.data.grid.Grid.keys`.
        step: the optimiser step, or the batch number of an evaluation.
        purpose: one of :class:`Purpose`.
        rows: how many rows (features).
        samples: how many samples, counted from ``first``.
        first: index of the first sample; a rank that owns half of a batch starts in its middle.
        first_row: index of the first row.

    >>> keys = torch.tensor([[1, 2], [3, 4]], dtype=torch.int32)
    >>> whole = bits(keys, 7, Purpose.TRAIN, rows=3, samples=8)
    >>> torch.equal(whole[1:, :, 4:], bits(keys[1:], 7, Purpose.TRAIN, 3, 4, first=4))
    True
    """
    step = torch.as_tensor(step, device=keys.device).to(torch.int32).expand(1, 1)
    row = torch.arange(first_row, first_row + rows, dtype=torch.int32, device=keys.device)
    row = row[None] * 8 + purpose
    a, b, _, _ = pcg4d(keys[:, :1], keys[:, 1:], step, row)
    sample = torch.arange(first, first + samples, dtype=torch.int32, device=keys.device)
    v = sample * _int32(0x9E3779B9) + a[..., None]
    v = (v ^ _shift(v, 16)) * 0x21F0AAAD
    v = v ^ b[..., None]
    v = (v ^ _shift(v, 15)) * _int32(0xD35A2D97)
    return v ^ _shift(v, 15)


def uniform(random_bits: Int[Tensor, "..."], dtype: torch.dtype) -> Float[Tensor, "..."]:
    """The low 31 bits as a number in [0, 1); the sign bit stays free for a sign.

    The grid near zero is 2**-31, so ``relu(1 - u / p)`` stays fine for tiny densities p. In
    float32 the 64 largest values round to 1.0, which every density p <= 1 maps to an inactive 0.

    >>> uniform(torch.tensor([0, 1 << 30], dtype=torch.int32), torch.float32)
    tensor([0.0000, 0.5000])
    """
    wide = torch.promote_types(dtype, torch.float32)  # 2**31 overflows half precision
    return ((random_bits & 0x7FFFFFFF).to(wide) * 2.0**-31).to(dtype)


def normal(
    keys: Int[Tensor, "inst 2"],
    stream: int,
    rows: int,
    columns: int,
    dtype: torch.dtype | None = None,
) -> Float[Tensor, "inst {rows} {columns}"]:
    """Standard normal numbers by the Box-Muller transform, computed in float64.

    They come in ``dtype``, or in torch's default one.

    >>> keys = torch.tensor([[1, 2]], dtype=torch.int32)
    >>> normal(keys, stream=0, rows=2, columns=3).shape
    torch.Size([1, 2, 3])
    """
    u = uniform(bits(keys, stream, Purpose.INIT, rows, 2 * columns), torch.float64)
    radius = torch.sqrt(-2 * torch.log1p(-u[..., :columns]))
    values = radius * torch.cos(2 * math.pi * u[..., columns:])
    return values.to(dtype or torch.get_default_dtype())


def standard_normal(
    radius_bits: Int[Tensor, "..."], angle_bits: Int[Tensor, "..."], dtype: torch.dtype
) -> Float[Tensor, "..."]:
    r"""Compute standard normal numbers by the Box-Muller transform, in ``dtype``.

    :math:`\sqrt{-2 \ln u}\,\cos 2 \pi v` with u in (0, 1] and v in [0, 1).
    """
    u = uniform(radius_bits, dtype).clamp(min=2.0**-31)
    return torch.sqrt(-2 * torch.log(u)) * torch.cos(2 * math.pi * uniform(angle_bits, dtype))
