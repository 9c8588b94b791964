"""How every toy model is made: initial weights, and arguments that may differ per instance."""

from typing import Any
from zlib import crc32

import torch
from jaxtyping import Int
from lightning.pytorch import LightningModule
from torch import Tensor, nn

from toysuper.data.grid import Grid
from toysuper.errors import UserError
from toysuper.functional import inits
from toysuper.functional.noise import normal
from toysuper.names import PerInstanceFunction, elementwise_function, resolve


class Parameters(LightningModule):
    """The part of a ToyModel that makes its parameters, which sets the attributes below."""

    grid: Grid
    keys: Int[Tensor, "inst 2"]
    n: int
    hidden: int
    claimed: set[str]

    def prepare_weights(self, init: float | str) -> None:
        """Take the standard deviation of each instance's weights from its own size."""
        self.widths = self._widths()
        sizes = [(self.grid.instances, width, self.n) for width in self.widths]
        self.std = torch.tensor([_deviation(init, *size) for size in sizes])[:, None, None]

    def weights(self, name: str, rows: int, columns: int) -> nn.Parameter:
        """Initial weights ``(inst, rows, columns)``, each instance's from its own stream.

        Where a grid axis ``hidden`` gives instances fewer dimensions, weights of ``hidden`` rows
        start with zeros in the others, and stay zero, as gradients are there.
        """
        stream = crc32(name.encode()) >> 1
        W = self.std * normal(self.keys, stream, rows, columns)
        if rows == self.hidden and "hidden" in self.grid.names:
            W = W * (torch.arange(rows) < torch.tensor(self.widths)[:, None])[..., None]
        return nn.Parameter(W)

    def zeros(self, columns: int) -> nn.Parameter:
        """Initial biases ``(inst, columns)``."""
        return nn.Parameter(torch.zeros(self.grid.instances, columns))

    def per_instance(self, name: str, given: Any) -> list[Any]:
        """The grid's axis of that name, one value per instance, else the argument alone."""
        self.claimed.add(name)
        return self.grid.column(name, given) if name in self.grid.names else [given]

    def numbers(self, name: str, given: float) -> Tensor:
        """An argument as numbers of at least 0, one per instance or one for all.

        Raises:
            UserError: one is no number, negative or not finite.
        """
        values = self.per_instance(name, given)
        for value in values:
            if isinstance(value, str) or not 0 <= value < torch.inf:
                raise UserError(f"model.{name} is {value}; it must be finite and at least 0")
        return torch.tensor([float(value) for value in values])

    def functions(self, name: str, given: str) -> tuple[tuple[str, ...], PerInstanceFunction]:
        """The elementwise functions of an argument: their names, and a module that applies them.

        Raises:
            UserError: there is no such function, or it is not elementwise.
        """
        names = tuple(self.per_instance(name, given))
        for function in dict.fromkeys(names):  # a wrong name fails here, not in training
            elementwise_function(function, name)
        return names, PerInstanceFunction(names, name)

    def _widths(self) -> list[int]:
        widths = self.per_instance("hidden", self.hidden)
        for width in widths:
            if isinstance(width, str) or width != int(width) or not 1 <= width <= self.hidden:
                shown = width if isinstance(width, str) else f"{width:g}"
                raise UserError(
                    f"grid axis 'hidden' holds {shown}; it takes whole numbers from 1 to "
                    f"model.hidden, here {self.hidden}"
                )
        return [int(width) for width in widths]


def _deviation(init: float | str, *sizes: int) -> float:
    if isinstance(init, str):
        return resolve(init, "init", (inits,))(*sizes)
    if not 0 < init < torch.inf:
        raise UserError(f"model.init is {init}; a standard deviation must be above 0")
    return init
