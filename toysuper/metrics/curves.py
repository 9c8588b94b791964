"""Training curves: the history of a Snapshot as series over steps."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from toysuper.errors import UserError
from toysuper.metrics.features import dimensionality, held_out_loss
from toysuper.snapshot import Snapshot


class TrainingCurves(NamedTuple):
    """Series over the moments of a history: step, held-out loss and feature dimensionalities."""

    step: Int[Tensor, " time"]
    loss: Float[Tensor, "time inst"]
    dimensionality: Float[Tensor, "time inst feat"]


def training_curves(snapshot: Snapshot) -> TrainingCurves:
    """Compute the loss and the feature dimensionalities at every moment of the history.

    Raises:
        UserError: the Snapshot has no history.
    """
    moments = snapshot.history
    if len(moments) < 2:
        raise UserError("learning dynamics need a history; set history.num, as in octahedron.yaml")
    return TrainingCurves(
        torch.tensor([moment.step for moment in moments]),
        torch.stack([held_out_loss(moment) for moment in moments]),
        torch.stack([dimensionality(moment) for moment in moments]),
    )
