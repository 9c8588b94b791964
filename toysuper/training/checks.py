"""Checks before training: what does not fit is refused, and nothing is changed."""

from typing import Any

import torch
from torch import Tensor

from toysuper.data.batch import Batch
from toysuper.data.datamodule import AXIS, SyntheticData
from toysuper.data.memory import check_memory
from toysuper.data.world import World
from toysuper.errors import UserError, did_you_mean
from toysuper.functional.noise import Purpose
from toysuper.models.base import ToyModel
from toysuper.names import resolve
from toysuper.runs.checkpoint_content import check_saved
from toysuper.training.feature_checks import check_distribution
from toysuper.training.step_checks import check_step

LARGEST_INPUT = 100.0
"""Activations are tried from minus to plus this."""


@torch.no_grad()
def check_model(module: Any, data: SyntheticData) -> None:
    """Check that a module's variant, objective and optimiser fit each other and the data.

    Args:
        module: an :class:`~toysuper.training.module.EnsembleModule`.
        data: what it would be trained on.

    Raises:
        UserError: they do not; the sentence says what to change.
    """
    model: ToyModel = module.variant
    if (data.n, data.grid.coordinates) != (model.n, model.grid.coordinates):
        raise UserError("the model was made for another n or grid than the data's; share them")
    check_axes(module, data)
    check_saved(module.state_dict())
    _check_functions(model)
    model.check_data(data)
    module.objective.check_model(model)
    for samples in (data.batch_size, data.eval_batch_size):
        what = f"{samples:,} samples of {model.hidden:,} hidden dimensions"
        check_memory(2 * model.hidden * samples, what, 4)
    device, dtype = module.device, next(module.parameters()).dtype
    world = data.world(samples=max(4, data.features.min_samples(model.n))).to(dtype=dtype)
    _check_targets(model, data, world)
    world = world.to(device=device)
    batch = world(0, Purpose.ANALYSIS)
    module.held_out.check(_checked_answer(model, batch), batch.target)
    check_step(module, world)
    check_distribution(data)


def check_axes(module: Any, data: SyntheticData) -> None:
    """Refuse a grid axis that neither the data nor the model knows.

    Args:
        module: an :class:`~toysuper.training.module.EnsembleModule`.
        data: have the grid.

    Raises:
        UserError: there is such an axis.
    """
    known = {"density", "importance", "task", *module.variant.known_axes}
    known |= module.objective.known_axes
    for name in data.grid.names:
        if not AXIS.fullmatch(name) and name not in known:
            raise UserError(
                f"grid axis '{name}' is known neither to the data nor to "
                f"{type(module.variant).__name__} and {type(module.objective).__name__}, which "
                f"take {sorted(known)}.{did_you_mean(name, known)}"
            )


def _checked_answer(model: ToyModel, batch: Batch) -> Tensor:
    answers = [model(batch.features)]
    if type(model).answer is not ToyModel.answer:
        answers.append(model.answer(batch))
    for answer in answers:
        if answer.shape != batch.features.shape:
            shapes = f"{tuple(answer.shape)} to {tuple(batch.features.shape)}"
            raise UserError(f"{type(model).__name__}.forward answers {shapes}; they must agree")
    return answers[0]


def _check_functions(model: ToyModel) -> None:
    """Check the names of a variant's functions, and that an axis ``hidden`` can silence units."""
    kind = type(model).__name__
    for attribute in ("activation", "hidden_activation"):
        names = getattr(model, attribute)
        if not isinstance(names, tuple) or len(names) not in (0, 1, model.grid.instances):
            raise UserError(
                f"{kind}.{attribute} is {names!r}; give a tuple of one name, or of each instance's"
            )
    if "hidden" not in model.grid.names:
        return
    if model.encoder is None or model.encoder.shape[1] != model.hidden:
        raise UserError(f"a grid axis 'hidden' needs {kind} to have model.variant.hidden rows")
    for name in {*model.hidden_activation}:
        if float(resolve(name, "hidden_activation")(torch.zeros(1))):
            raise UserError(
                f"a grid axis 'hidden' needs hidden units that answer 0 to 0, unlike '{name}'"
            )


def _check_targets(model: ToyModel, data: SyntheticData, world: World) -> None:
    """Refuse targets that are not finite, or negative where the output cannot be."""
    targets = world.task(_probe(data, world.density.dtype).expand(*world.density.shape, -1))
    for i, lowest in enumerate(targets.amin((1, 2)).tolist()):
        task = data.tasks[i % len(data.tasks)]
        if not bool(targets[i].isfinite().all()):
            raise UserError(f"data.task '{task}' gives targets that are not finite numbers")
        if lowest < 0 and model.activation:
            _check_reach(model, data, i, lowest)


def _check_reach(model: ToyModel, data: SyntheticData, i: int, lowest: float) -> None:
    inputs = torch.linspace(-LARGEST_INPUT, LARGEST_INPUT, 201, dtype=torch.float64)
    name = model.activation[i % len(model.activation)]
    if float(resolve(name, "activation")(inputs).min()) < 0:
        return
    remedy = "unsigned features or " if data.features.signed else ""
    task, kind = data.tasks[i % len(data.tasks)], type(model).__name__
    raise UserError(
        f"data.task '{task}' gives targets down to {lowest:.2g}, but the output of {kind} is "
        f"{name} and never negative; use {remedy}a task such as abs"
    )


def _probe(data: SyntheticData, dtype: torch.dtype) -> Tensor:
    """Features over their whole range, all equal and all different, ``(feat, samples)``."""
    equal = torch.linspace(-1, 1, 9).expand(data.n, -1)
    different = torch.sin(torch.arange(9.0 * data.n)).view(data.n, 9)
    probe = torch.cat([equal, different], -1).to(dtype)
    return probe if data.features.signed else probe.abs()
