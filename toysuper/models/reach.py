"""Whether a model's output can take the values that it is asked for."""

from typing import TYPE_CHECKING

import torch

from toysuper.data import SyntheticData
from toysuper.errors import UserError
from toysuper.functional.resolve import resolve
from toysuper.world import World

if TYPE_CHECKING:
    from toysuper.models.base import ToyModel

WIDE = 100.0
"""Activations are tried from minus to plus this."""


def refuse_targets_out_of_reach(model: "ToyModel", data: SyntheticData, world: World) -> None:
    """Refuse negative targets where the output's activation has no negative values.

    Raises:
        UserError: that is so for an instance.
    """
    probe = torch.linspace(-1.0 if data.features.signed else 0.0, 1.0, 9, dtype=model.b.dtype)
    least = world.task(probe.expand(*world.density.shape, -1)).amin((1, 2)).tolist()
    everywhere = torch.linspace(-WIDE, WIDE, 201, dtype=model.b.dtype)
    lowest = {g: float(resolve(g, "activation")(everywhere).min()) for g in {*model.activation}}
    for i, target in enumerate(least):
        g = model.activation[i % len(model.activation)]
        if target < 0 <= lowest[g]:
            raise UserError(
                f"data.features.signed and data.task '{data.tasks[i % len(data.tasks)]}' ask for "
                f"targets down to {target:.3g}, but the output of {type(model).__name__} is {g} "
                "and never negative; use unsigned features or a task such as abs"
            )
