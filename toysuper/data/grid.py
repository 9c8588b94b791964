"""Grid: named axes whose product is the ensemble."""

import math
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from itertools import product

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from toysuper.data.curves import Curve
from toysuper.data.memory import check_bound
from toysuper.errors import UserError

MAX_INSTANCES = 100_000
"""Most instances of a grid, whose coordinates are Python objects."""

Value = float | int | str
Axes = Mapping[str, Sequence[Value] | Curve]


class Grid:
    """The product of named axes: one instance for each cell, the last axis varying fastest.

    Args:
        axes: values by name, each a list of numbers or words, or a
            :class:`~toysuper.data.curves.Curve`. None is one instance without coordinates. A list
            of such products is one ensemble, too: a control then needs no axis of the others.

    Raises:
        UserError: an axis is empty, or two instances would have the same coordinates.

    >>> from toysuper.data.curves import Range
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
        check_bound("number of instances of the grid", count, MAX_INSTANCES)
        cells = [cell for block in self.blocks for cell in _product(block)]
        self.coordinates: tuple[dict[str, Value], ...] = tuple(cells)
        if not cells or len({_digest(0, cell, set()) for cell in cells}) < len(cells):
            names = ", ".join(self.names) or "no axis"
            raise UserError(f"the grid of {names} is empty or holds an instance twice")

    @property
    def instances(self) -> int:
        """Number of cells, one toy model each."""
        return len(self.coordinates)

    @property
    def names(self) -> list[str]:
        """Names of all axes, in order."""
        return list(dict.fromkeys(name for block in self.blocks for name in block))

    def column(self, name: str, default: Value) -> list[Value]:
        """List the value of an axis for every instance.

        Args:
            name: the axis.
            default: the value of instances without this axis.
        """
        return [cell.get(name, default) for cell in self.coordinates]

    def per_instance(self, name: str, default: Value) -> list[Value]:
        """List one value for each instance where the grid has the axis, else the default alone.

        Args:
            name: the axis.
            default: the value of instances without this axis.

        >>> Grid({"sigma": [0.1, 0.2]}).per_instance("sigma", 0.0)
        [0.1, 0.2]
        >>> Grid().per_instance("sigma", 0.0)
        [0.0]
        """
        return self.column(name, default) if name in self.names else [default]

    def keys(self, seed: int = 0, common: bool = False) -> Int[Tensor, "inst 2"]:
        """Hash the coordinates of each instance, and the seed, to two random words.

        Neither the order of the axes nor the other instances matter, so that a model trained alone
        sees the numbers that it sees in any grid.

        Args:
            seed: the seed of the run.
            common: whether instances that differ only in their seed have the same key, so that
                their held-out losses are compared on the same samples.

        >>> from toysuper.data.curves import Range
        >>> alone = Grid({"seed": [1], "density": [0.1]}).keys()
        >>> torch.equal(alone, Grid({"density": [1.0, 0.1], "seed": Range(2)}).keys()[3:])
        True
        """
        ignored = {"seed"} if common else set()
        digests = [_digest(seed, cell, ignored) for cell in self.coordinates]
        return torch.from_numpy(np.frombuffer(b"".join(digests), dtype="<i4").reshape(-1, 2).copy())


def per_instance_floats(
    grid: Grid, name: str, default: float, owner: str = "model.variant"
) -> Float[Tensor, "#inst 1 1"]:
    """Make a tensor of an argument that a grid axis may set: ``(inst, 1, 1)`` or ``(1, 1, 1)``.

    Args:
        grid: the ensemble.
        name: the argument, and the axis that sets it for each instance.
        default: the argument's value where the grid has no such axis.
        owner: whose argument it is, for messages.

    Raises:
        UserError: a value is not a number, negative or not finite.

    >>> per_instance_floats(Grid({"sigma": [0.5, 1.0]}), "sigma", 0.0).flatten()
    tensor([0.5000, 1.0000])
    """
    values = grid.per_instance(name, default)
    for value in values:
        if isinstance(value, str) or not 0 <= value < torch.inf:
            raise UserError(f"{owner}.{name} is {value}; it must be finite and at least 0")
    return torch.tensor([float(value) for value in values])[:, None, None]


def format_cell(coordinates: Mapping[str, Value]) -> str:
    """Write the coordinates of a cell, for messages and TensorBoard.

    >>> format_cell({"density": 0.1, "activation": "relu"})
    'density=0.1,relu'
    """
    terms = (v if isinstance(v, str) else f"{k}={v:g}" for k, v in coordinates.items())
    return ",".join(terms) or "model"


def format_cells(cells: Sequence[Mapping[str, Value]], max_cells: int = 5) -> str:
    """Write how many cells there are, and the first of them.

    Args:
        cells: their coordinates.
        max_cells: number of cells that are written out.

    >>> format_cells([{"seed": 0}, {"seed": 1}, {"seed": 2}], max_cells=2)
    '3 (seed=0; seed=1; …)'
    """
    names = [format_cell(cell) for cell in cells[:max_cells]]
    return f"{len(cells)} ({'; '.join([*names, *['…'] * (len(cells) > max_cells)])})"


def _axis(name: str, values: Sequence[Value] | Curve) -> list[Value]:
    if not isinstance(values, Curve | list | tuple):
        raise UserError(f"grid axis '{name}' is {values!r}; give a list of values or a Curve")
    if isinstance(values, Curve) and values.num:
        check_bound(f"number of values of grid axis '{name}'", values.num, MAX_INSTANCES)
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
