"""Claims of the paper's section "The Strategic Picture of Superposition" and its appendices."""

import torch

from toysuper.claims.base import Claim, absent, numbers
from toysuper.experiments.compressed_sensing_bound.measurement import stored_over_bound
from toysuper.experiments.no_superposition.measurement import by_price
from toysuper.experiments.nonlinear_compression.measurement import two_in_one
from toysuper.experiments.nonlinear_compression.theory import compression_error
from toysuper.metrics import (
    dimensions_per_feature,
    held_out_loss,
    mean_superposition,
    represented,
)
from toysuper.snapshot import Snapshot

ERRORS = {0.001: 0.0097, 0.02: 0.019, 0.05: 0.032, 0.1: 0.048}
"""Of the code with three levels, by ramp width."""
TOLERANCE = 0.05


def no_superposition(snapshot: Snapshot) -> list[Claim]:
    """L1: a price on hidden activity takes superposition away, and reconstruction gets worse."""
    best, price = by_price(snapshot)
    share, loss = 1 / dimensions_per_feature(best), held_out_loss(best)
    enough = (share <= 1.05).nonzero()[:, 0]
    first = int(enough[0]) if len(enough) else len(share) - 1
    rise = float(loss[first] / loss[0])
    stored, shared = represented(best) > 0, mean_superposition(best)
    falls = float(share[0]) > 1.05 >= float(share[first]) and bool(stored[first])
    least = float(shared[stored].min()) if stored.any() else torch.inf
    return [
        Claim(
            "L1",
            "features per dimension, |W|^2 / m, by rising price",
            "<= 1.05 at some price, more at 0",
            numbers(share),
            falls,
        ),
        Claim(
            "L1 alone",
            "superposition, mean over stored features, at price 0 and least at any price",
            "> 0.5; < 0.05",
            f"{float(shared[0]):.2f}; {least:.3f}",
            float(shared[0]) > 0.5 and least < 0.05,
        ),
        Claim(
            "L1 loss",
            f"loss at price {float(price[first]):g} over that at 0",
            "> 1",
            f"{rise:.2f}",
            rise > 1 and bool(stored[first]),
        ),
    ]


def nonlinear_compression(snapshot: Snapshot) -> list[Claim]:
    """NLC: two dense features fit in one number better by a nonlinear code than by a linear one."""
    linear = float(held_out_loss(two_in_one(snapshot))[0])
    errors = [compression_error(3, ramp) for ramp in ERRORS]
    close = all(abs(a / b - 1) <= TOLERANCE for a, b in zip(errors, ERRORS.values(), strict=True))
    return [
        Claim(
            "NLC",
            "closed form: squared error at Z = 3, ramps of .001 .02 .05 .1",
            f"{numbers(list(ERRORS.values()))} +- 5%",
            numbers(errors),
            close,
        ),
        Claim(
            "NLC linear",
            "loss of the best trained linear model, which all of these are below",
            "1/12 +- 2%",
            f"{linear:.4f}",
            abs(12 * linear - 1) <= 0.02 and max(errors) < linear,
        ),
    ]


def compressed_sensing(snapshot: Snapshot) -> list[Claim]:
    """CS: the number of stored features follows m / (-p ln p)."""
    line = (
        "CS",
        "stored features over m / (-p ln p), least and most of all densities and dimensions",
        "within a factor 2 of each other",
    )
    best = snapshot.best()
    if min(len(best.hidden_sizes.unique()), len(best.common_density().unique())) < 2:
        return [absent(*line)]
    low, high = (float(end) for end in stored_over_bound(best).aminmax())
    return [Claim(*line, f"{low:.2f}-{high:.2f}", 0 < high <= 2 * low)]
