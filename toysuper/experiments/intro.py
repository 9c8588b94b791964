"""Claims of the paper's introduction: five features in two dimensions."""

import torch
from torch import Tensor

from toysuper.claims.base import Claim, absent, at, of_size, only, within
from toysuper.functional.geometry import angle_gaps, directions, norms
from toysuper.snapshot import Snapshot


def introduction(snapshot: Snapshot) -> list[Claim]:
    """INTRO: the best of many seeds is orthogonal, two antipodal pairs, then a pentagon."""
    parts = ((1.0, _orthogonal), (0.2, _pairs), (0.1, _pentagon))
    relu = only(of_size(snapshot, n=5, m=2, ratio=0.9), "relu")
    claims = []
    for density, check in parts:
        models = at(relu, density)
        name, (statement, expected) = f"INTRO p={density:g}", STATEMENTS[density]
        if models is None:
            claims.append(absent(name, statement, expected))
        else:
            best = models.best()
            measured, holds = check(best.W[0], best.bias[0])
            claims.append(Claim(name, statement, expected, measured, holds))
    return claims


STATEMENTS = {
    1.0: ("the two most important features, orthogonal", "2 norms > 0.9, |cos| < 0.05"),
    0.2: ("four features in two antipodal pairs", "4 norms > 0.9, two cos < -0.98, 5th < 0.1"),
    0.1: ("five features in a pentagon", "5 norms > 0.95, gaps 60-84 degrees, b < 0"),
}


def _norms(lengths: Tensor) -> str:
    return " ".join(f"{float(length):.2f}" for length in lengths)


def _cosines(W: Tensor, features: Tensor) -> Tensor:
    unit = directions(W[None])[0][:, features]
    return (unit.T @ unit)[*torch.triu_indices(len(features), len(features), 1)]


def _orthogonal(W: Tensor, _: Tensor) -> tuple[str, bool]:
    lengths = norms(W[None])[0]
    stored = (lengths > 0.9).nonzero()[:, 0]
    cosine = _cosines(W, stored).abs().amax() if len(stored) > 1 else torch.nan
    holds = stored.tolist() == [0, 1] and float(cosine) < 0.05
    angle = f"|cos| {float(cosine):.2g}" if len(stored) > 1 else f"{len(stored)} stored"
    return f"{_norms(lengths)}, {angle}", holds


def _pairs(W: Tensor, _: Tensor) -> tuple[str, bool]:
    lengths = norms(W[None])[0]
    unit = directions(W[None])[0][:, :4]
    nearest_to_opposite, partner = (unit.T @ unit).min(-1)
    mutual = partner[partner].tolist() == [0, 1, 2, 3]
    holds = within(lengths[:4], 0.9, torch.inf) and float(lengths[4]) < 0.1 and mutual
    holds = holds and bool((nearest_to_opposite < -0.98).all())
    return f"{_norms(lengths)}, cos <= {float(nearest_to_opposite.max()):.3f}", holds


def _pentagon(W: Tensor, bias: Tensor) -> tuple[str, bool]:
    lengths = norms(W[None])[0]
    gaps = angle_gaps(W)
    holds = within(lengths, 0.95, torch.inf) and within(gaps, 60, 84) and bool((bias < 0).all())
    span = f"{float(gaps.min()):.0f}-{float(gaps.max()):.0f}"
    measured = f"{_norms(lengths)}, gaps {span}, b <= {float(bias.max()):.2f}"
    return measured, holds
