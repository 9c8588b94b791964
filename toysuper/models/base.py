"""ToyModel: what every toy model shares, and the little that a subclass owes."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any
from zlib import crc32

import torch
from jaxtyping import Float
from lightning.pytorch import LightningModule
from lightning.pytorch.cli import OptimizerCallable
from torch import Tensor, nn
from torchmetrics import Metric, MetricCollection

from toysuper.bursts import Burst
from toysuper.checkpoints import refuse_foreign
from toysuper.data import AXIS, SyntheticData
from toysuper.errors import UserError, nearest
from toysuper.functional import inits
from toysuper.functional.losses import expected_loss
from toysuper.functional.noise import Purpose, normal
from toysuper.functional.resolve import resolve
from toysuper.grid import Grid
from toysuper.metrics.streaming import FeatureLoss, FiringRate
from toysuper.models.engine import clip, compiled, step_gradients
from toysuper.schedules import Constant
from toysuper.types import Batch, Snapshot

CONSTANT = Constant()


def adamw(parameters: Any) -> torch.optim.Optimizer:
    """The authors' optimiser: AdamW with torch's defaults, every one written out."""
    return torch.optim.AdamW(
        parameters, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01, fused=True
    )


class ToyModel(LightningModule, ABC):
    """An ensemble of toy models, one per instance of the grid, trained at once.

    A subclass makes its parameters with :meth:`weights` and :meth:`zeros` and owes ``forward``,
    ``encoder``, ``decoder`` and ``b``. Instances never touch each other.

    Args:
        n: features; the command line takes it from the data.
        grid: the ensemble; the command line takes it from the data.
        hidden: hidden dimensions m.
        init: standard deviation of the initial weights, by name: ``xavier``, ``official`` …
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
    hidden_activation = "identity"
    activation: tuple[str, ...] = ("identity",)
    b: Float[Tensor, "inst feat"]
    held_out: MetricCollection

    def __init__(
        self,
        n: int,
        grid: Grid | Mapping[str, Any] | list[Mapping[str, Any]] | None,
        hidden: int,
        init: str = "xavier",
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
        self.std = resolve(init, "init", (inits,))(self.grid.instances, hidden, n)
        self.keys = self.grid.keys(seed)
        # outside the tree of modules, all of which the compiled step guards and walks
        held_out = [FeatureLoss(), FiringRate(), *(metrics or [])]
        object.__setattr__(self, "held_out", MetricCollection(held_out, compute_groups=False))

    @property
    @abstractmethod
    def encoder(self) -> Float[Tensor, "inst hidden feat"]:
        """Weights from features to hidden dimensions."""

    @property
    @abstractmethod
    def decoder(self) -> Float[Tensor, "inst hidden feat"]:
        """Weights from hidden dimensions to features, transposed like the encoder."""

    @abstractmethod
    def forward(self, x: Float[Tensor, "inst feat batch"]) -> Float[Tensor, "inst feat batch"]:
        """What the model answers."""

    def weights(self, name: str, rows: int, columns: int) -> nn.Parameter:
        """Initial weights ``(inst, rows, columns)``, each instance's from its own stream."""
        stream = crc32(name.encode()) >> 1
        return nn.Parameter(self.std * normal(self.keys, stream, rows, columns))

    def zeros(self, columns: int) -> nn.Parameter:
        """Initial biases ``(inst, columns)``."""
        return nn.Parameter(torch.zeros(self.grid.instances, columns))

    def per_instance(self, name: str, given: Any) -> list[Any]:
        """The grid's axis of that name, one value per instance, else the argument alone."""
        self.claimed.add(name)
        return self.grid.column(name, given) if name in self.grid.names else [given]

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
        self.check_axes()
        if (data.n, data.grid.coordinates) != (self.n, self.grid.coordinates):
            raise UserError("the model was made for another n or grid than the data's; share them")
        batch = data.world(samples=4).to(dtype=self.b.dtype)(0, Purpose.ANALYSIS)
        answer, shape = self(batch.features.to(self.device)).cpu(), tuple(batch.features.shape)
        if answer.shape != shape:
            raise UserError(
                f"{type(self).__name__}.forward answers {tuple(answer.shape)} to {shape}"
            )
        if not torch.allclose(self.snapshot(data).forward(batch.features), answer, atol=1e-4):
            warnings.warn(
                f"{type(self).__name__}.forward is not activation(decoderᵀ hidden_activation("
                "encoder x) + b); set these, or figures and claims speak of another model",
                stacklevel=2,
            )

    def check_axes(self) -> None:
        """Refuse a grid axis that neither the data nor the model knows."""
        for name in self.grid.names:
            if not AXIS.fullmatch(name) and name not in self.claimed:
                known = {"density", "importance", *self.claimed}
                raise UserError(
                    f"grid axis '{name}' is known neither to the data nor to "
                    f"{type(self).__name__}, which take {sorted(known)}.{nearest(name, known)}"
                )

    def configure_optimizers(self) -> Any:
        """The optimiser, and the schedule counted in optimiser steps."""
        optimizer = self.optimizer(self.parameters())
        total = self.total_steps()
        if total == torch.inf and self.schedule != CONSTANT:
            raise UserError("a schedule needs an end; set trainer.max_steps or trainer.max_epochs")
        factor = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: self.schedule(k / total))
        self.configured = [
            {k: v for k, v in g.items() if k != "params"} for g in optimizer.param_groups
        ]
        return [optimizer], [factor]

    def on_train_start(self) -> None:
        """After a resume the checkpoint's state goes on with the config's settings."""
        optimizer: Any = self.optimizers()
        schedule: Any = self.lr_schedulers()
        schedule.base_lrs = [group["initial_lr"] for group in self.configured]
        for group, configured in zip(optimizer.param_groups, self.configured, strict=True):
            factor = self.schedule(schedule.last_epoch / self.total_steps())
            group.update(configured, lr=configured["initial_lr"] * factor)

    def total_steps(self) -> float:
        """How many optimiser steps the whole training has; infinite without a limit."""
        trainer = self.trainer
        limits = (trainer.max_steps, (trainer.max_epochs or -1) * trainer.datamodule.epoch)
        return min((limit for limit in limits if limit > 0), default=torch.inf)

    def on_fit_start(self) -> None:
        """Choose the step function; gradients are ours, so DDP must not wait for its own."""
        gradients = step_gradients(self)
        self.step = compiled(gradients) if self.jit else gradients
        if hasattr(self.trainer.strategy.model, "require_backward_grad_sync"):
            self.trainer.strategy.model.require_backward_grad_sync = False

    def training_step(self, burst: Burst, _: int) -> None:
        """Run a burst of optimiser steps and log once."""
        loss = self.run_burst(burst)
        self._log("train/loss", loss.mean())

    @torch.no_grad()
    def run_burst(self, burst: Burst) -> Float[Tensor, " inst"]:
        """Optimise for the burst's steps; the loss of each instance, averaged over them."""
        optimizer: Any = self.optimizers()
        schedule: Any = self.lr_schedulers()
        parameters = {name: p.detach() for name, p in self.named_parameters()}
        step = torch.tensor(burst.start, device=self.device)
        losses = torch.zeros(self.grid.instances, dtype=self.b.dtype, device=self.device)
        for _ in range(burst.start, burst.stop):
            gradients, loss = self.step(parameters, burst.world, step)
            self.apply_gradients(gradients)
            optimizer.step()
            schedule.step()
            step += 1
            losses += loss
        return losses / (burst.stop - burst.start)

    def apply_gradients(self, gradients: dict[str, Tensor]) -> None:
        """Average over ranks, clip per instance, and hand over to the optimiser."""
        if self.trainer.world_size > 1:
            gradients = {k: self.trainer.strategy.reduce(g) for k, g in gradients.items()}
        if self.clip:
            gradients = clip(gradients, self.clip)
        for name, parameter in self.named_parameters():
            parameter.grad = gradients[name]

    def on_validation_epoch_start(self) -> None:
        """Measure afresh, where the model is."""
        self.held_out.to(self.device).reset()

    on_test_epoch_start = on_validation_epoch_start

    def validation_step(self, burst: Burst, _: int) -> None:
        """Update the held-out metrics."""
        for batch in burst.batches():
            self.held_out.update(self(batch.features), batch)

    test_step = validation_step

    def on_validation_epoch_end(self) -> None:
        """Log the mean loss of the ensemble."""
        self._log_held_out("val")

    def on_test_epoch_end(self) -> None:
        """Log the mean loss of the ensemble."""
        self._log_held_out("test")

    def _log_held_out(self, stage: str) -> None:
        for name, metric in self.held_out.items():
            if name == "FeatureLoss":
                self._log(f"{stage}/loss", metric.compute().sum(-1).mean())
            else:
                self._log(f"{stage}/{name}", metric.compute().mean())

    def _log(self, name: str, value: Tensor) -> None:
        """Log at the optimiser step; left to itself Lightning counts bursts."""
        self.log(name, value, batch_size=1, sync_dist=True)
        self.log("step", float(self.steps), batch_size=1, sync_dist=True)

    @property
    def steps(self) -> int:
        """Optimiser steps behind the weights, those of a loaded checkpoint included."""
        return max(self.trainer.global_step, self.trained) if self._trainer else self.trained

    def predict_step(self, burst: Burst, _: int) -> dict[str, Tensor]:
        """Features and what the model answers, ``(inst, feat, batch)``."""
        x = torch.cat([batch.features for batch in burst.batches()], -1)
        return {"features": x, "reconstruction": self(x)}

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

    @torch.no_grad()
    def snapshot(self, data: SyntheticData) -> Snapshot:
        """A frozen CPU copy of all that metrics, figures and claims need."""
        inst, loss = self.grid.instances, self.held_out["FeatureLoss"]
        tensors = {
            "encoder": self.encoder,
            "decoder": self.decoder,
            "bias": self.b,
            "density": data.density.to(self.b.dtype),
            "importance": data.importance.to(self.b.dtype),
            "loss": loss.compute() if loss.update_called else self.b * torch.nan,
        }
        names = tuple(self.activation) * (inst if len(self.activation) == 1 else 1)
        return Snapshot(
            **{name: value.detach().cpu().clone() for name, value in tensors.items()},
            activation=names,
            hidden_activation=(self.hidden_activation,) * inst,
            coordinates=data.grid.coordinates,
            step=self.steps,
        )
