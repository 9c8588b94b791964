"""What is refused before training: models that are not finished, and data out of their reach."""

import warnings
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from toysuper.data.datamodule import AXIS, SyntheticData
from toysuper.data.world import World
from toysuper.errors import UserError, did_you_mean
from toysuper.functional.noise import Purpose
from toysuper.names import resolve

if TYPE_CHECKING:
    from toysuper.models.base import ToyModel

WIDE = 100.0
"""Activations are tried from minus to plus this."""


@torch.no_grad()
def rehearse(model: "ToyModel", data: SyntheticData) -> None:
    """Try one batch eagerly, so that what does not fit fails early and shortly.

    Raises:
        UserError: model and data disagree, or forward answers in another shape.
    """
    refuse_unfinished(model)
    refuse_unknown_axes(model)
    refuse_optimizer(model)
    if (data.n, data.grid.coordinates) != (model.n, model.grid.coordinates):
        raise UserError("the model was made for another n or grid than the data's; share them")
    world = data.world(samples=max(4, data.features.least(model.n))).to(dtype=model.b.dtype)
    refuse_targets_out_of_reach(model, data, world)
    batch = world(0, Purpose.ANALYSIS)
    answer = model(batch.features.to(model.b.device)).cpu()
    if answer.shape != batch.features.shape:
        shapes = f"{tuple(answer.shape)} to {tuple(batch.features.shape)}"
        raise UserError(f"{type(model).__name__}.forward answers {shapes}; they must agree")
    if not torch.allclose(model.snapshot(data).forward(batch.features), answer, atol=1e-4):
        warnings.warn(
            f"{type(model).__name__}.forward is not activation(decoderᵀ hidden_activation("
            "encoder x + hidden_bias) + b); set these, or figures and claims speak of another "
            "model",
            stacklevel=2,
        )


def refuse_unknown_axes(model: "ToyModel") -> None:
    """Refuse a grid axis that neither the data nor the model knows."""
    for name in model.grid.names:
        if not AXIS.fullmatch(name) and name not in model.claimed:
            known = {"density", "importance", "task", *model.claimed}
            raise UserError(
                f"grid axis '{name}' is known neither to the data nor to "
                f"{type(model).__name__}, which take {sorted(known)}.{did_you_mean(name, known)}"
            )


def refuse_unfinished(model: "ToyModel") -> None:
    """Refuse a subclass that lacks what the base builds on.

    Raises:
        UserError: it made no W or b, names functions by one word, or has hidden units that a grid
            axis ``hidden`` cannot silence, because they answer something to 0.
    """
    name = type(model).__name__
    for attribute, owed in (("encoder", "W"), ("b", "b")):
        if not hasattr(model, attribute):
            raise UserError(f"{name} makes no {owed}; give it self.weights or self.zeros")
    for attribute in ("activation", "hidden_activation"):
        names = getattr(model, attribute)
        if not isinstance(names, tuple) or len(names) not in (1, model.grid.instances):
            raise UserError(
                f"{name}.{attribute} is {names!r}; give a tuple of one name, or of each"
            )
    if "hidden" in model.grid.names:
        if model.encoder.shape[1] != model.hidden:
            raise UserError(f"a grid axis 'hidden' needs {name} to have model.hidden dimensions")
        for f in {*model.hidden_activation}:
            if float(resolve(f, "hidden_activation")(torch.zeros(1))):
                raise UserError(
                    f"a grid axis 'hidden' needs hidden units that answer 0 to 0, unlike '{f}'"
                )


def refuse_optimizer(model: "ToyModel") -> None:
    """Refuse an optimiser that cannot be made.

    Raises:
        UserError: with what torch says to its arguments.
    """
    try:
        model.optimizer(model.parameters())
    except (TypeError, ValueError, OverflowError) as error:
        raise UserError(f"model.optimizer cannot be made: {error}") from error


def refuse_targets_out_of_reach(model: "ToyModel", data: SyntheticData, world: World) -> None:
    """Refuse targets that are not finite, or negative where the output cannot be.

    Raises:
        UserError: that is so for an instance.
    """
    targets = world.task(_probe(model, data).expand(*world.density.shape, -1))
    everywhere = torch.linspace(-WIDE, WIDE, 201, dtype=model.b.dtype)
    lowest = {g: float(resolve(g, "activation")(everywhere).min()) for g in {*model.activation}}
    for i, least in enumerate(targets.amin((1, 2)).tolist()):
        task, g = data.tasks[i % len(data.tasks)], model.activation[i % len(model.activation)]
        if not bool(targets[i].isfinite().all()):
            raise UserError(f"data.task '{task}' gives targets that are not finite numbers")
        if least < 0 <= lowest[g]:
            remedy = "unsigned features or " if data.features.signed else ""
            raise UserError(
                f"data.task '{task}' gives targets down to {least:.2g}, but the output of "
                f"{type(model).__name__} is {g} and never negative; use {remedy}a task such as abs"
            )


def _probe(model: "ToyModel", data: SyntheticData) -> Tensor:
    """Features over their whole range, all alike and all different, ``(feat, samples)``."""
    alike = torch.linspace(-1, 1, 9).expand(data.n, -1)
    different = torch.sin(torch.arange(9.0 * data.n)).view(data.n, 9)
    probe = torch.cat([alike, different], -1).to(model.b.dtype)
    return probe if data.features.signed else probe.abs()
