"""ToyModel: what every variant shares, and the little that a variant owes."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

import torch
from jaxtyping import Float
from torch import Tensor, nn

from toysuper.data.batch import Batch
from toysuper.data.datamodule import SyntheticData
from toysuper.data.grid import Grid
from toysuper.data.memory import check_memory
from toysuper.data.schedules import Schedule, ScheduledModule
from toysuper.errors import UserError
from toysuper.functional import inits
from toysuper.functional.noise import normal
from toysuper.names import PerInstanceFunction, elementwise_function, resolve
from toysuper.snapshot import Snapshot, map_tensors


class ToyModel(ScheduledModule, ABC):
    r"""An ensemble of toy models, one for each instance of a grid; a variant is a subclass.

    The base makes the weights :math:`W` ``(inst, hidden, feat)`` and the output bias :math:`b`
    ``(inst, feat)``. A variant owes ``forward``, and ``decoder``, ``hidden_bias`` and ``encode``
    where these are not W, 0 and W x. Instances never touch each other. It is an ordinary
    ``nn.Module``: a plain loop trains it as well as
    :class:`~toysuper.training.module.EnsembleModule` does.

    Args:
        n: number of features; the command line takes it from the data.
        grid: the ensemble; the command line takes it from the data.
        hidden: hidden dimensions m; a grid axis ``hidden`` sets fewer for each instance.
        init: standard deviation of the initial weights, or its name: ``xavier``, ``official``.
        seed: seed of the initial weights; the command line takes it from the data.

    Raises:
        UserError: a size is below 1, there is too little memory, or a name is unknown.

    >>> from toysuper.data import SyntheticData
    >>> from toysuper.models import ReLUOutputModel
    >>> data = SyntheticData(n=5, grid={"density": [1.0, 0.1]})
    >>> model, world = ReLUOutputModel(data.n, data.grid, hidden=2), data.world()
    >>> optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    >>> for step in range(100):
    ...     batch = world(step, purpose=1)
    ...     error = (batch.target - model.answer(batch)).square().sum(1).mean(-1)
    ...     optimizer.zero_grad()
    ...     error.sum().backward()
    ...     _ = optimizer.step()
    """

    compresses = True
    """Whether more hidden dimensions than features would be meaningless."""
    activation: tuple[str, ...] = ()
    """Output functions by name, for each instance or one for all; empty where they have none."""
    hidden_activation: tuple[str, ...] = ()
    """The same of the hidden layer."""

    def __init__(
        self,
        n: int,
        grid: Grid | Mapping[str, Any] | list[Mapping[str, Any]] | None,
        hidden: int,
        init: float | str = "xavier",
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.n, self.hidden, self.init = n, hidden, init
        self.grid = grid if isinstance(grid, Grid) else Grid(grid)
        self.known_axes, self.streams = {"seed", "hidden"}, set[str]()
        self._check_sizes()
        self.keys = self.grid.keys(seed)
        self.hidden_sizes = self._hidden_sizes()
        self.W: Tensor = self.weights("W", hidden, n)
        self.b: Tensor = self.zeros(n)

    @property
    def encoder(self) -> Float[Tensor, "inst hidden feat"] | None:
        """Weights from features to the hidden layer: W; None where there is no such matrix."""
        return self.W

    @property
    def decoder(self) -> Float[Tensor, "inst hidden feat"] | None:
        """Weights from the hidden layer to the output, transposed: the encoder, if tied to it."""
        return self.encoder

    @property
    def bias(self) -> Float[Tensor, "inst feat"] | None:
        """Output bias: b."""
        return self.b

    @property
    def hidden_bias(self) -> Float[Tensor, "inst hidden"] | None:
        """Bias of the hidden layer: 0, unless the variant has one."""
        return self.b.new_zeros(len(self.b), self.hidden)

    @abstractmethod
    def forward(self, x: Float[Tensor, "inst feat batch"]) -> Float[Tensor, "inst feat batch"]:
        """Compute the models' answers to features x."""

    def encode(self, x: Float[Tensor, "inst feat batch"]) -> Float[Tensor, "inst hidden batch"]:
        """Compute the hidden layer, h = W x."""
        return self.W @ x

    def answer(self, batch: Batch) -> Float[Tensor, "inst feat batch"]:
        """Compute the answers for the objective, with the random numbers of the batch if needed.

        Training calls it, and so does the measurement of the objective on held-out batches; the
        held-out loss is of ``forward``.
        """
        return self(batch.features)

    def check_data(self, data: SyntheticData) -> None:
        """Refuse data that the variant is not made for, by a UserError; most take any."""

    @torch.no_grad()
    def snapshot(
        self,
        data: SyntheticData,
        loss: Float[Tensor, "inst feat"] | None = None,
        **fields: Any,
    ) -> Snapshot:
        """Freeze a copy of the models, on CPU, for metrics, figures and claims.

        Args:
            data: what they were shown.
            loss: held-out loss of each feature, ``(inst, feat)``; unknown without.
            fields: further fields of the :class:`~toysuper.snapshot.Snapshot`.
        """
        inst, dtype = data.grid.instances, self.b.dtype if self.b is not None else None

        def each(names: Sequence[str]) -> tuple[str, ...]:
            return tuple(names) * (inst if len(names) == 1 else 1)

        density = data.density.to(dtype)
        return Snapshot(
            model=map_tensors(self, lambda _, tensor: tensor.cpu().clone()),
            density=density,
            importance=data.importance.to(dtype),
            loss=density * torch.nan if loss is None else loss.cpu(),
            set_index=data.features.set_index(self.n).expand(inst, -1),
            task=each([str(task) for task in data.tasks]),
            activation=each(self.activation),
            hidden_activation=each(self.hidden_activation),
            coordinates=data.grid.coordinates,
            sparse_uniform=data.features.sparse_uniform,
            **fields,
        )

    def weights(self, name: str, rows: int, columns: int) -> nn.Parameter:
        """Make initial weights ``(inst, rows, columns)``, normal, each instance's from its key.

        Where a grid axis ``hidden`` sets fewer dimensions for an instance, weights of ``hidden``
        rows start with zeros in the others, and stay zero, as gradients are there.

        Args:
            name: the stream of random numbers; each name has its own.
            rows: first dimension of each instance's matrix.
            columns: second dimension.

        Raises:
            UserError: the name is in use, so that two matrices would be equal.
        """
        if name in self.streams:
            raise UserError(
                f"{type(self).__name__} makes the weights '{name}' twice, which would be equal; "
                "give the second ones another name (the base class makes 'W')"
            )
        self.streams.add(name)
        W = self._deviations() * normal(self.keys, crc32(name.encode()) >> 1, rows, columns)
        if rows == self.hidden and "hidden" in self.grid.names:
            W = W * (torch.arange(rows) < torch.tensor(self.hidden_sizes)[:, None])[..., None]
        return nn.Parameter(W)

    def zeros(self, columns: int) -> nn.Parameter:
        """Make initial biases ``(inst, columns)``."""
        return nn.Parameter(torch.zeros(self.grid.instances, columns))

    def per_instance(self, name: str, value: float | Schedule) -> nn.Buffer:
        """Make a buffer ``(inst, 1, 1)`` of an argument that a grid axis may set, or ``(1, 1, 1)``.

        Args:
            name: the argument, the attribute that holds the buffer, and the axis that sets it for
                each instance.
            value: the argument's value where the grid has no such axis, or its schedule over
                training, which the axis multiplies.

        Raises:
            UserError: a value is not a number, negative or not finite.
        """
        self.known_axes.add(name)
        return nn.Buffer(self.number(self.grid, name, value, "model.variant"), persistent=False)

    def per_instance_functions(
        self, name: str, value: str
    ) -> tuple[tuple[str, ...], PerInstanceFunction]:
        """Look up elementwise functions that a grid axis may name: names, and a module of them.

        Args:
            name: the argument, and the axis that sets it for each instance.
            value: the argument's value where the grid has no such axis.

        Raises:
            UserError: there is no such function, or it is not elementwise.
        """
        self.known_axes.add(name)
        names = tuple(str(value) for value in self.grid.per_instance(name, value))
        for function in dict.fromkeys(names):
            elementwise_function(function, name)
        return names, PerInstanceFunction(names, name)

    def _check_sizes(self) -> None:
        if self.hidden < 1:
            raise UserError(f"model.variant.hidden is {self.hidden}; it must be at least 1")
        if self.compresses and self.hidden > self.n:
            raise UserError(
                f"model.variant.hidden is {self.hidden} but there are {self.n} features; "
                f"{type(self).__name__} compresses, so hidden must be at most data.n"
            )
        inst, sizes = self.grid.instances, f"{self.n:,} features in {self.hidden:,} dimensions"
        numbers = 6 * inst * self.hidden * self.n  # weights, gradients, two averages, a Snapshot
        check_memory(numbers, f"{inst:,} models of {sizes}", 4)

    def _hidden_sizes(self) -> list[int]:
        sizes = self.grid.per_instance("hidden", self.hidden)
        for size in sizes:
            if isinstance(size, str) or size != int(size) or not 1 <= size <= self.hidden:
                text = size if isinstance(size, str) else f"{size:g}"
                raise UserError(
                    f"grid axis 'hidden' holds {text}; it takes whole numbers from 1 to "
                    f"model.variant.hidden, which is {self.hidden}"
                )
        return [int(size) for size in sizes]

    def _deviations(self) -> Float[Tensor, "#inst 1 1"]:
        """Standard deviation of each instance's weights, by its own size."""
        deviations = [self._deviation(size) for size in self.hidden_sizes]
        return torch.tensor(deviations)[:, None, None]

    def _deviation(self, hidden: int) -> float:
        if isinstance(self.init, str):
            return resolve(self.init, "init", (inits,))(self.grid.instances, hidden, self.n)
        if not 0 < self.init < torch.inf:
            raise UserError(f"model.variant.init is {self.init}; a deviation must be above 0")
        return self.init
