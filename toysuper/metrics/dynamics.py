"""What happens on the way: a Snapshot's history as series over steps."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from toysuper.errors import UserError
from toysuper.metrics.features import dimensionality, held_out_loss
from toysuper.snapshot import Snapshot

WINDOW = 0.03
"""Share of training within which a change is sudden."""
CHANGE = 0.2
"""Least change of a feature's dimensionality that is a jump."""


class Course(NamedTuple):
    """Series over the moments of a history."""

    step: Int[Tensor, " time"]
    loss: Float[Tensor, "time inst"]
    dimensionality: Float[Tensor, "time inst feat"]


class Jump(NamedTuple):
    """From step ``start`` to ``stop`` a feature's D_i changes and the loss falls by ``drop``."""

    start: int
    stop: int
    feature: int
    change: float
    drop: float


def course(snapshot: Snapshot) -> Course:
    """Loss and dimensionalities of every moment.

    Raises:
        UserError: there is no history.
    """
    moments = snapshot.history
    if len(moments) < 2:
        raise UserError("learning dynamics need a history; set history.num, as in octahedron.yaml")
    return Course(
        torch.tensor([moment.step for moment in moments]),
        torch.stack([held_out_loss(moment) for moment in moments]),
        torch.stack([dimensionality(moment) for moment in moments]),
    )


def jumps(course: Course, instance: int) -> list[Jump]:
    r"""Sudden changes of a feature's dimensionality that come with a fall of the loss.

    Within 3% of training some D_i changes by more than 0.2 and the loss falls by more than three
    times the median change of windows in the second half of training, where it only trembles.
    The first window is left out. Of windows that overlap, the one with the largest change counts.
    """
    step, loss, shares = course.step, course.loss[:, instance], course.dimensionality[:, instance]
    window = WINDOW * int(step[-1])
    first = torch.searchsorted(step, step - window)  # the earliest moment of each one's window
    change, feature = (shares - shares[first]).abs().max(-1)
    drop = loss[first] - loss
    noise = drop[step > step[-1] / 2].abs().median()
    sudden = (change > CHANGE) & (drop > 3 * noise) & (step[first] >= window)
    found: list[Jump] = []
    for k in change.argsort(descending=True).tolist():
        start, stop = int(step[first[k]]), int(step[k])
        if sudden[k] and all(stop < jump.start or jump.stop < start for jump in found):
            found.append(Jump(start, stop, int(feature[k]), float(change[k]), float(drop[k])))
    return sorted(found)
