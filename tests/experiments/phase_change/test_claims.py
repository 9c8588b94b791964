"""The claims hold on the prototypes and the optimum, and fail on controls."""

import numpy as np
import torch
from torch import Tensor

from tests._snapshots import replace, snapshot, verdicts, with_weights
from toysuper.experiments.phase_change.claims import CONTOUR, contours, phases
from toysuper.experiments.phase_change.theory import prototype_losses
from toysuper.snapshot import Snapshot

P, R = torch.logspace(0, -2, 24), torch.logspace(-1, 1, 24)


TWO = torch.tensor([[[1.0, 0]], [[0, 1.0]], [[1.0, -1]]])


THREE = torch.tensor(
    [
        [[1.0, 0, 0], [0, 1, 0]],
        [[0, 1.0, 0], [0, 0, 1]],
        [[1.0, 0, 0], [0, 1, -1]],
        [[1.0, -1, 0], [0, 0, 1]],
    ]
)


def phase_grid(prototypes: Tensor, copies: int = 3) -> Snapshot:
    """The best prototype in each cell, and linear models that keep the dearer feature."""
    n = prototypes.shape[2]
    losses = prototype_losses(n, P[:, None], R)
    best = losses.argmin(0)
    W = prototypes[best].flatten(0, 1).repeat_interleave(copies, 0)
    linear = prototypes[(R > 1).long().expand(24, 24)].flatten(0, 1)
    density = [*P.repeat_interleave(24 * copies).tolist(), *P.repeat_interleave(24).tolist()]
    relative = torch.cat([R.repeat_interleave(copies).repeat(24), R.repeat(24)])
    found = snapshot(torch.cat([W, linear]), torch.zeros(len(density), n), density, "relu")
    loss = torch.cat([losses.amin(0).flatten().repeat_interleave(copies), losses[0].flatten()])
    kinds = ("relu",) * len(W) + ("identity",) * len(linear)
    importance = torch.ones(len(density), n)
    importance[:, -1] = relative
    per_feature = loss[:, None] / n * torch.ones(1, n)
    return replace(found, importance=importance, loss=per_feature, activation=kinds)


def test_phases_hold_in_theory() -> None:
    for prototypes in (TWO, THREE):
        found = verdicts(phases(phase_grid(prototypes)))
        assert set(found.values()) == {True} and len(found) == 4


def test_phases_fail_on_controls() -> None:
    good = phase_grid(TWO)
    dear = replace(good, loss=1.05 * good.loss)
    assert verdicts(phases(dear))["PHASE loss"] is False
    swapped = with_weights(good, good.encoder.flip(-1))
    assert verdicts(phases(swapped))["PHASE agreement"] is False
    red = with_weights(good, TWO[2].expand(len(good), 1, 2))
    assert verdicts(phases(red))["PHASE control"] is False


def test_contours_are_those_of_the_optimum() -> None:
    """A norm that falls through 1/2 where the exact optimum's does, in steps of a cell."""
    r = torch.tensor([0.01, *CONTOUR, 1.0]).log()
    p = torch.tensor([0.09, *CONTOUR.values(), 0.6]).log().numpy()
    good = phase_grid(TWO)
    density = good.density[:, 0].log()

    def falling(relative: Tensor) -> Tensor:
        threshold = torch.tensor(np.interp(relative.log().numpy(), r.numpy(), p))
        return torch.sigmoid(5 * (threshold - density))

    relative = good.importance[:, 1]
    W = torch.stack([falling((1 / relative).clamp(max=1)), -falling(relative.clamp(max=1))], -1)
    trained = with_weights(good, W[:, None].float())
    assert verdicts(contours(trained)) == {"PHASE-E2": True, "PHASE-E2 mirror": True}
    shifted = replace(trained, density=1.25 * good.density)
    assert set(verdicts(contours(shifted)).values()) == {False}
    never = with_weights(good, TWO[2].expand(len(good), 1, 2))
    assert set(verdicts(contours(never)).values()) == {False}
