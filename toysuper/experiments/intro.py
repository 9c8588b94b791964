r"""Five features in two dimensions.

Elhage et al. 2022, `Toy Models of Superposition
<https://transformer-circuits.pub/2022/toy_model/index.html>`_, introduction.

The model :math:`x' = \mathrm{ReLU}(W^\top W x + b)` has two hidden dimensions for five features
of importance :math:`0.9^i`, each active with probability p. If features are dense (p = 1), it
stores the two most important ones along orthogonal directions. At p = 0.2 it stores four as two
antipodal pairs, and at p = 0.1 all five as a pentagon: the interference costs a loss only if
several features are active together, which has a probability of order :math:`p^2`.
"""

import torch
from torch import Tensor

from toysuper.claims import (
    Claim,
    at_density,
    if_size,
    not_measured,
    with_activation,
    within,
)
from toysuper.functional.geometry import angle_gaps, directions, norms
from toysuper.snapshot import Snapshot


def claims(snapshot: Snapshot) -> list[Claim]:
    """INTRO: the best of many seeds is orthogonal, two antipodal pairs, or a pentagon."""
    relu = with_activation(if_size(snapshot, n=5, m=2, ratio=0.9), "relu")
    return [_claim(relu, density) for density in STATEMENTS]


STATEMENTS = {
    1.0: ("the two most important features, orthogonal", "2 norms > 0.9, |cos| < 0.05"),
    0.2: ("four features in two antipodal pairs", "4 norms > 0.9, two cos < -0.98, 5th < 0.1"),
    0.1: ("five features in a pentagon", "5 norms > 0.95, gaps 60-84 degrees, b < 0"),
}
"""What the paper shows at each density, and which numbers say so."""


def _claim(relu: Snapshot, density: float) -> Claim:
    name, (statement, expected) = f"INTRO p={density:g}", STATEMENTS[density]
    models = at_density(relu, density)
    if models is None:
        return not_measured(name, statement, expected)
    best = models.best()
    check = {1.0: _check_orthogonal, 0.2: _check_pairs, 0.1: _check_pentagon}[density]
    measured, holds = check(best.W[0], best.bias[0])
    return Claim(name, statement, expected, measured, holds)


def _check_orthogonal(W: Tensor, _: Tensor) -> tuple[str, bool]:
    lengths = norms(W[None])[0]
    stored = (lengths > 0.9).nonzero()[:, 0]
    cosine = _cosines(W, stored).abs().amax() if len(stored) > 1 else torch.nan
    holds = stored.tolist() == [0, 1] and float(cosine) < 0.05
    angle = f"|cos| {float(cosine):.2g}" if len(stored) > 1 else f"{len(stored)} stored"
    return f"{_format_norms(lengths)}, {angle}", holds


def _check_pairs(W: Tensor, _: Tensor) -> tuple[str, bool]:
    lengths = norms(W[None])[0]
    unit = directions(W[None])[0][:, :4]
    smallest_cosine, partner = (unit.T @ unit).min(-1)
    is_mutual = partner[partner].tolist() == [0, 1, 2, 3]
    holds = within(lengths[:4], 0.9, torch.inf) and float(lengths[4]) < 0.1 and is_mutual
    holds = holds and bool((smallest_cosine < -0.98).all())
    return f"{_format_norms(lengths)}, cos <= {float(smallest_cosine.max()):.3f}", holds


def _check_pentagon(W: Tensor, bias: Tensor) -> tuple[str, bool]:
    lengths = norms(W[None])[0]
    gaps = angle_gaps(W)
    holds = within(lengths, 0.95, torch.inf) and within(gaps, 60, 84) and bool((bias < 0).all())
    span = f"{float(gaps.min()):.0f}-{float(gaps.max()):.0f}"
    return f"{_format_norms(lengths)}, gaps {span}, b <= {float(bias.max()):.2f}", holds


def _cosines(W: Tensor, features: Tensor) -> Tensor:
    """Compute the cosines of all pairs of these features."""
    unit = directions(W[None])[0][:, features]
    return (unit.T @ unit)[*torch.triu_indices(len(features), len(features), 1)]


def _format_norms(lengths: Tensor) -> str:
    return " ".join(f"{float(length):.2f}" for length in lengths)
