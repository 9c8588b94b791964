"""ToyModel: what every toy model shares, and the little that a subclass owes."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zlib import crc32

import torch
from jaxtyping import Float
from lightning.pytorch.cli import OptimizerCallable
from torch import Tensor, nn
from torchmetrics import Metric, MetricCollection

from toysuper.checkpoints import refuse_foreign
from toysuper.data import AXIS, SyntheticData
from toysuper.errors import UserError, nearest
from toysuper.functional import inits
from toysuper.functional.losses import expected_loss
from toysuper.functional.noise import Purpose, normal
from toysuper.functional.resolve import elementwise_function, resolve
from toysuper.functions import Functions
from toysuper.grid import Grid
from toysuper.metrics.streaming import FeatureLoss, FiringRate
from toysuper.models.evaluation import Evaluation
from toysuper.models.reach import refuse_targets_out_of_reach, refuse_unfinished
from toysuper.models.training import CONSTANT, Training, adamw
from toysuper.types import Batch, Snapshot


class ToyModel(Training, Evaluation, ABC):
    """An ensemble of toy models, one per instance of the grid, trained at once.

    A subclass makes its parameters ``W`` and ``b`` with :meth:`weights` and :meth:`zeros` and owes
    ``forward``; and ``decoder`` and ``hidden_bias`` where these are more than W and 0. Instances
    never touch each other.

    Args:
        n: features; the command line takes it from the data.
        grid: the ensemble; the command line takes it from the data.
        hidden: hidden dimensions m; a grid axis ``hidden`` gives instances fewer than that.
        init: standard deviation of the initial weights, or its name: ``xavier``, ``official`` …
        optimizer: makes the optimiser.
        schedule: factor of the learning rate over training progress in [0, 1); constant without.
        clip: largest gradient norm of an instance.
        seed: seed of the initial weights; the command line takes it from the data.
        jit: compile the training step into one graph.
        metrics: further torchmetrics, updated in validation and test.

    Raises:
        UserError: a size is below 1, a name is unknown, a grid axis is nobody's.
    """

    compresses = True
    """Whether more hidden dimensions than features would be meaningless."""
    hidden_activation: tuple[str, ...] = ("identity",)
    activation: tuple[str, ...] = ("identity",)
    """Functions by name, one per instance or one for all."""
    W: Float[Tensor, "inst hidden feat"]
    b: Float[Tensor, "inst feat"]
    held_out: MetricCollection
    history: Sequence[Snapshot] = ()

    def __init__(
        self,
        n: int,
        grid: Grid | Mapping[str, Any] | list[Mapping[str, Any]] | None,
        hidden: int,
        init: float | str = "xavier",
        optimizer: OptimizerCallable = adamw,
        schedule: Callable | None = None,
        clip: float | None = None,
        seed: int = 0,
        jit: bool = True,
        metrics: list[Metric] | None = None,
    ) -> None:
        super().__init__()
        if hidden < 1:
            raise UserError(f"model.hidden is {hidden}; it must be at least 1")
        if clip is not None and clip <= 0:
            raise UserError(f"model.clip is {clip}; a largest norm must be above 0")
        if self.compresses and hidden > n:
            raise UserError(
                f"model.hidden is {hidden} but there are {n} features; "
                f"{type(self).__name__} compresses, so hidden must be at most data.n"
            )
        self.automatic_optimization = False
        self.grid = grid if isinstance(grid, Grid) else Grid(grid)
        self.save_hyperparameters(ignore=["grid", "optimizer", "schedule", "metrics"])
        self.save_hyperparameters({"grid": self.grid.blocks})
        self.n, self.hidden, self.optimizer = n, hidden, optimizer
        self.schedule = schedule or CONSTANT
        self.clip, self.jit, self.claimed, self.trained = clip, jit, {"seed"}, 0
        self.widths = self._widths(hidden)
        stds = [_deviation(init, self.grid.instances, width, n) for width in self.widths]
        self.std = torch.tensor(stds)[:, None, None]
        self.keys = self.grid.keys(seed)
        # outside the tree of modules, all of which the compiled step guards and walks
        held_out = [FeatureLoss(), FiringRate(), *(metrics or [])]
        object.__setattr__(self, "held_out", MetricCollection(held_out, compute_groups=False))

    @property
    def encoder(self) -> Float[Tensor, "inst hidden feat"]:
        """Weights from features to hidden dimensions: W, unless a subclass says otherwise."""
        return self.W

    @property
    def decoder(self) -> Float[Tensor, "inst hidden feat"]:
        """Weights from hidden dimensions to features, transposed: the encoder, if tied to it."""
        return self.encoder

    @property
    def hidden_bias(self) -> Float[Tensor, "inst hidden"]:
        """Bias of the hidden dimensions, 0 unless a subclass has one."""
        return self.b.new_zeros(self.grid.instances, self.hidden)

    @abstractmethod
    def forward(self, x: Float[Tensor, "inst feat batch"]) -> Float[Tensor, "inst feat batch"]:
        """What the model answers."""

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

    def _widths(self, hidden: int) -> list[int]:
        widths = self.per_instance("hidden", hidden)
        for width in widths:
            if isinstance(width, str) or width != int(width) or not 1 <= width <= hidden:
                raise UserError(
                    f"grid axis 'hidden' holds {width!r}; it takes whole numbers from 1 to "
                    f"model.hidden, here {hidden}"
                )
        return [int(width) for width in widths]

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

    def functions(self, name: str, given: str) -> tuple[tuple[str, ...], Functions]:
        """The elementwise functions of an argument: their names, and a module that applies them.

        Raises:
            UserError: there is no such function, or it is not elementwise.
        """
        names = tuple(self.per_instance(name, given))
        for function in dict.fromkeys(names):  # a wrong name fails here, not in training
            elementwise_function(function, name)
        return names, Functions(names)

    def objective(self, batch: Batch) -> Float[Tensor, " inst"]:
        """What training makes small: the expected loss of each instance."""
        return expected_loss(self(batch.features), batch.target, batch.importance, batch.weight)

    def setup(self, stage: str) -> None:
        """Check the data and the subclass before anything runs."""
        self.rehearse(self.trainer.datamodule)

    @torch.no_grad()
    def rehearse(self, data: SyntheticData) -> None:
        """Try one batch eagerly, so that what does not fit fails early and shortly.

        Raises:
            UserError: model and data disagree, or forward answers in another shape.
        """
        refuse_unfinished(self)
        self.check_axes()
        if (data.n, data.grid.coordinates) != (self.n, self.grid.coordinates):
            raise UserError("the model was made for another n or grid than the data's; share them")
        world = data.world(samples=max(4, data.features.least(self.n))).to(dtype=self.b.dtype)
        refuse_targets_out_of_reach(self, data, world)
        batch = world(0, Purpose.ANALYSIS)
        answer = self(batch.features.to(self.b.device)).cpu()
        if answer.shape != batch.features.shape:
            shapes = f"{tuple(answer.shape)} to {tuple(batch.features.shape)}"
            raise UserError(f"{type(self).__name__}.forward answers {shapes}; they must agree")
        if not torch.allclose(self.snapshot(data).forward(batch.features), answer, atol=1e-4):
            warnings.warn(
                f"{type(self).__name__}.forward is not activation(decoderᵀ hidden_activation("
                "encoder x + hidden_bias) + b); set these, or figures and claims speak of another "
                "model",
                stacklevel=2,
            )

    def check_axes(self) -> None:
        """Refuse a grid axis that neither the data nor the model knows."""
        for name in self.grid.names:
            if not AXIS.fullmatch(name) and name not in self.claimed:
                known = {"density", "importance", "task", *self.claimed}
                raise UserError(
                    f"grid axis '{name}' is known neither to the data nor to "
                    f"{type(self).__name__}, which take {sorted(known)}.{nearest(name, known)}"
                )

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Say whose checkpoint it is."""
        checkpoint["toysuper"] = {"model": type(self).__name__}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse a checkpoint of something else."""
        refuse_foreign(checkpoint, self.state_dict())
        self.trained = checkpoint["global_step"]
        trainer = self._trainer
        if trainer and trainer.state.fn == "fit" and 0 < trainer.max_steps <= self.trained:
            raise UserError(
                f"the checkpoint is at step {self.trained} and trainer.max_steps is "
                f"{trainer.max_steps}; raise it to train on"
            )

    @property
    def steps(self) -> int:
        """Optimiser steps behind the weights, those of a loaded checkpoint included."""
        return max(self.trainer.global_step, self.trained) if self._trainer else self.trained

    @torch.no_grad()
    def snapshot(self, data: SyntheticData) -> Snapshot:
        """A frozen CPU copy of all that metrics, figures and claims need."""
        inst, loss = self.grid.instances, self.held_out["FeatureLoss"]
        tensors: dict[str, Any] = {
            "encoder": self.encoder,
            "decoder": self.decoder,
            "bias": self.b,
            "hidden_bias": self.hidden_bias,
            "density": data.density.to(self.b.dtype),
            "importance": data.importance.to(self.b.dtype),
            "loss": loss.compute() if loss.update_called else self.b * torch.nan,
            "sets": data.features.sets(self.n).expand(inst, -1),
        }

        def each(names: Sequence[Any]) -> tuple[str, ...]:
            return tuple(names) * (inst if len(names) == 1 else 1)

        return Snapshot(
            **{name: value.detach().cpu().clone() for name, value in tensors.items()},
            activation=each(self.activation),
            hidden_activation=each(self.hidden_activation),
            task=each(data.tasks),
            coordinates=data.grid.coordinates,
            step=self.steps,
            history=tuple(self.history),
            sparse_uniform=data.features.sparse_uniform,
        )


def _deviation(init: float | str, *sizes: int) -> float:
    if isinstance(init, str):
        return resolve(init, "init", (inits,))(*sizes)
    if not 0 < init < torch.inf:
        raise UserError(f"model.init is {init}; a standard deviation must be above 0")
    return init
