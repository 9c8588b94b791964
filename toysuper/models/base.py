"""ToyModel: what every toy model shares, and the little that a subclass owes."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float
from lightning.pytorch.cli import OptimizerCallable
from torch import Tensor
from torchmetrics import Metric, MetricCollection

from toysuper.data.datamodule import SyntheticData
from toysuper.data.grid import Grid
from toysuper.data.memory import check_memory
from toysuper.errors import UserError
from toysuper.functional.losses import expected_loss
from toysuper.metrics.streaming import FeatureLoss, FiringRate
from toysuper.models.parameters import Parameters
from toysuper.runs.checkpoints import check_checkpoint_fits
from toysuper.snapshot import Batch, Snapshot
from toysuper.training.checks import rehearse
from toysuper.training.evaluation import Evaluation
from toysuper.training.steps import CONSTANT, Training, adamw


class ToyModel(Parameters, Training, Evaluation, ABC):
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
        inst = self.grid.instances
        check_memory(  # weights, gradients, the optimiser's two averages, a Snapshot
            6 * inst * hidden * n, f"{inst:,} models of {n:,} features in {hidden:,} dimensions", 4
        )
        self.save_hyperparameters(ignore=["grid", "optimizer", "schedule", "metrics"])
        self.save_hyperparameters({"grid": self.grid.blocks})
        self.n, self.hidden, self.optimizer = n, hidden, optimizer
        self.schedule = schedule or CONSTANT
        self.clip, self.jit, self.claimed, self.trained = clip, jit, {"seed"}, 0
        self.keys = self.grid.keys(seed)
        self.prepare_weights(init)
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
        return self.b.new_zeros(len(self.b), self.hidden)

    @abstractmethod
    def forward(self, x: Float[Tensor, "inst feat batch"]) -> Float[Tensor, "inst feat batch"]:
        """What the model answers."""

    def objective(self, batch: Batch) -> Float[Tensor, " inst"]:
        """What training makes small: the expected loss of each instance."""
        return expected_loss(self(batch.features), batch.target, batch.importance, batch.weight)

    def setup(self, stage: str) -> None:
        """Check the data and the subclass before anything runs."""
        self.trainer.precision_plugin.convert_module(self)  # else float64 is restored as float32
        self.rehearse(self.trainer.datamodule)

    def rehearse(self, data: SyntheticData) -> None:
        """Try one batch eagerly, so that what does not fit fails early and shortly."""
        rehearse(self, data)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Say whose checkpoint it is."""
        checkpoint["toysuper"] = {"model": type(self).__name__}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse a checkpoint of something else."""
        check_checkpoint_fits(checkpoint, self.state_dict())
        self.trained = checkpoint["global_step"]
        trainer = self._trainer
        if trainer and trainer.state.fn == "fit" and self.trained >= self.total_steps():
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
        learnt: dict[str, Tensor] = {
            "encoder": self.encoder,
            "decoder": self.decoder,
            "bias": self.b,
            "hidden_bias": self.hidden_bias,
        }
        tensors: dict[str, Tensor] = {
            **{name: self.whole(tensor) for name, tensor in learnt.items()},
            "density": data.density.to(self.b.dtype),
            "importance": data.importance.to(self.b.dtype),
            "sets": data.features.sets(self.n).expand(inst, -1),
        }
        unknown = tensors["bias"] * torch.nan
        tensors["loss"] = self.measured(loss) if loss.update_called else unknown

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
