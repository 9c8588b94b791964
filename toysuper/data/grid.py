"""Named axes whose product is the ensemble, and curves that fill an axis or a feature vector."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from itertools import product

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from toysuper.data.memory import check_memory
from toysuper.errors import UserError

CELL = 1000
"""Bytes that an instance's coordinates take in Python."""

Number = float | int
Value = Number | str


class Curve(ABC):
    """A rule that gives ``num`` numbers: along a grid axis, or one per feature."""

    num: int | None = None

    @abstractmethod
    def values(self, num: int) -> list[Number]:
        """The numbers."""

    def axis(self) -> list[Number]:
        """The numbers of a grid axis, whose length the curve must say itself."""
        if not self.num:
            raise UserError(f"a {type(self).__name__} along a grid axis needs 'num' of at least 1")
        return self.values(self.num)


class LinSpace(Curve):
    """Evenly spaced from ``start`` to ``stop``, both included.

    >>> LinSpace(0, 1).values(3)
    [0.0, 0.5, 1.0]
    """

    def __init__(self, start: float, stop: float, num: int | None = None) -> None:
        self.start, self.stop, self.num = start, stop, num

    def values(self, num: int) -> list[Number]:
        """The numbers."""
        return np.linspace(self.start, self.stop, num).tolist()


class LogSpace(Curve):
    """Evenly spaced in the logarithm from ``start`` to ``stop``, both included.

    The authors' importance 100^(-i/(n-1)) is ``LogSpace(1, 0.01)``.

    >>> [round(value, 6) for value in LogSpace(1, 0.01).values(3)]
    [1.0, 0.1, 0.01]
    """

    def __init__(self, start: float, stop: float, num: int | None = None) -> None:
        if start <= 0 or stop <= 0:
            raise UserError(f"LogSpace from {start} to {stop}: both ends must be above 0")
        self.start, self.stop, self.num = start, stop, num

    def values(self, num: int) -> list[Number]:
        """The numbers."""
        return np.geomspace(self.start, self.stop, num).tolist()


class Geometric(Curve):
    """Powers of ``ratio`` from the zeroth on, as in the paper's importance 0.9^i.

    >>> Geometric(0.5).values(3)
    [1.0, 0.5, 0.25]
    """

    def __init__(self, ratio: float, num: int | None = None) -> None:
        self.ratio, self.num = ratio, num

    def values(self, num: int) -> list[Number]:
        """The numbers."""
        return [self.ratio**i for i in range(num)]


class Range(Curve):
    """The integers 0 … num - 1, the usual seed axis.

    >>> Range(3).axis()
    [0, 1, 2]
    """

    def __init__(self, num: int) -> None:
        self.num = num

    def values(self, num: int) -> list[Number]:
        """The numbers."""
        return list(range(num))


Axes = Mapping[str, Sequence[Value] | Curve]


class Grid:
    """The product of named axes; each cell is one instance, the last axis varying fastest.

    An axis is a list of numbers or words, or a :class:`Curve`. No axis at all is one instance. A
    list of such products is one ensemble too, so that a control needs no seeds of its own.

    Raises:
        UserError: an axis is empty, or two instances would have the same coordinates.

    >>> grid = Grid({"density": [1.0, 0.1], "seed": Range(2)})
    >>> grid.instances, grid.coordinates[2]
    (4, {'density': 0.1, 'seed': 0})
    >>> Grid([{"activation": ["identity"]}, {"activation": ["relu"], "seed": Range(3)}]).instances
    4
    """

    def __init__(self, axes: Axes | Sequence[Axes] | None = None) -> None:
        blocks = [axes or {}] if isinstance(axes, Mapping | None) else axes
        self.blocks = [{name: _axis(name, v) for name, v in block.items()} for block in blocks]
        count = sum(math.prod(map(len, block.values())) for block in self.blocks)
        check_memory(count, f"a grid of {count:,} instances", CELL)
        cells = [cell for block in self.blocks for cell in _product(block)]
        self.coordinates: tuple[dict[str, Value], ...] = tuple(cells)
        if not cells or len({_digest(0, cell, set()) for cell in cells}) < len(cells):
            raise UserError(f"the grid {self.blocks} is empty or holds an instance twice")

    @property
    def instances(self) -> int:
        """How many toy models the grid has."""
        return len(self.coordinates)

    @property
    def names(self) -> list[str]:
        """The names of all axes, in order."""
        return list(dict.fromkeys(name for block in self.blocks for name in block))

    def column(self, name: str, default: Value) -> list[Value]:
        """One axis's value for every instance, ``default`` where an instance has no such axis."""
        return [cell.get(name, default) for cell in self.coordinates]

    def keys(self, seed: int = 0, common: bool = False) -> Int[Tensor, "inst 2"]:
        """Two random words per instance, from its coordinates and the seed and nothing else.

        Neither the order of the axes nor the other instances matter, so a model trained alone
        sees the numbers that it sees in any grid. With ``common``, instances that differ only in
        their seed share their numbers: held-out losses are then compared on the same samples.

        >>> alone = Grid({"seed": [1], "density": [0.1]}).keys()
        >>> torch.equal(alone, Grid({"density": [1.0, 0.1], "seed": Range(2)}).keys()[3:])
        True
        """
        ignored = {"seed"} if common else set()
        digests = [_digest(seed, cell, ignored) for cell in self.coordinates]
        return torch.from_numpy(np.frombuffer(b"".join(digests), dtype="<i4").reshape(-1, 2).copy())


def in_words(coordinates: Mapping[str, Value]) -> str:
    """A place in the grid, as it is called in messages and in TensorBoard.

    >>> in_words({"density": 0.1, "activation": "relu"})
    'density=0.1,relu'
    """
    terms = (v if isinstance(v, str) else f"{k}={v:g}" for k, v in coordinates.items())
    return ",".join(terms) or "model"


def places(coordinates: Sequence[Mapping[str, Value]], most: int = 5) -> str:
    """How many places in the grid, and the first of them.

    >>> places([{"seed": 0}, {"seed": 1}, {"seed": 2}], most=2)
    '3 (seed=0; seed=1; …)'
    """
    named = [in_words(place) for place in coordinates[:most]]
    return f"{len(coordinates)} ({'; '.join([*named, *['…'] * (len(coordinates) > most)])})"


def _axis(name: str, values: Sequence[Value] | Curve) -> list[Value]:
    if not isinstance(values, Curve | list | tuple):
        raise UserError(f"grid axis '{name}' is {values!r}; give a list of values or a Curve")
    if isinstance(values, Curve) and values.num:
        check_memory(values.num, f"grid axis '{name}' of {values.num:,} values", CELL)
    column = list(values.axis() if isinstance(values, Curve) else values)
    if not column:
        raise UserError(f"grid axis '{name}' is empty; give it at least one value")
    for value in column:
        if not isinstance(value, str) and not _finite(value):
            raise UserError(f"grid axis '{name}' holds {value!r}; give finite numbers or words")
    if name == "seed":
        return [_seed(value) for value in column]
    return column


def _finite(value: object) -> bool:
    return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))


def _seed(value: Value) -> int:
    if isinstance(value, str) or value != int(value):
        raise UserError(f"grid axis 'seed' holds {value!r}; a seed is a whole number")
    return int(value)


def _product(block: Mapping[str, list[Value]]) -> list[dict[str, Value]]:
    return [dict(zip(block, cell, strict=True)) for cell in product(*block.values())]


def _digest(seed: int, cell: Mapping[str, Value], ignored: set[str]) -> bytes:
    words = [f"{name}={_canonical(cell[name])}" for name in sorted(cell.keys() - ignored)]
    return blake2b("|".join([str(seed), *words]).encode(), digest_size=8).digest()


def _canonical(value: Value) -> str:
    if isinstance(value, str):
        return value
    return str(int(value)) if value == int(value) else f"{value:.9g}"  # 0.3 and 0.1 + 0.2 agree
