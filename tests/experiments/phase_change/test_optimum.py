"""The exact optimum of two features, against the prototypes and the expected contour."""

import torch

from toysuper.experiments.phase_change.claims import CONTOUR
from toysuper.experiments.phase_change.theory import (
    antipodal_bias,
    antipodal_loss,
    prototype_losses,
)
from toysuper.functional.exact import exact_loss, free_optimum

f64 = torch.float64


def test_the_optimum_is_no_worse_than_any_prototype() -> None:
    p = torch.tensor([0.05, 0.4, 0.9], dtype=f64)
    r = torch.tensor([0.3, 1.0, 3.0], dtype=f64)
    best = free_optimum(p, r, steps=400)
    assert (best.loss <= 1.0005 * prototype_losses(2, p, r).amin(0)).all()
    assert (best.loss <= 1.0005 * (1 + r) * antipodal_loss(p, antipodal_bias(p))).all()
    importance = torch.stack([torch.ones_like(r), r], -1)
    again = exact_loss(best.W, best.bias, p[:, None].expand(-1, 2), importance, nodes=80)
    torch.testing.assert_close(best.loss, again, rtol=1e-3, atol=0)


def test_the_extra_feature_goes_where_the_claim_says() -> None:
    """|W_2| jumps at the densities of CONTOUR."""
    p, r = torch.tensor(list(CONTOUR.values())), torch.tensor(list(CONTOUR))
    best = free_optimum(torch.cat([0.985 * p, 1.015 * p]), r.repeat(2), steps=400)
    below, above = best.W[:, 0, 1].abs().chunk(2)
    assert (below > 0.6).all() and (above < 0.05).all()
