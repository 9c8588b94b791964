"""Expectations over sparse features as weighted sets of columns, by which features are active."""

from itertools import combinations, product
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor


class Columns(NamedTuple):
    """Columns that share out the probability of their sets of active features.

    ``values`` is zero where a feature is inactive; ``share`` sums to 1 over the columns of a set.
    """

    values: Float[Tensor, "feat columns"]
    active: Bool[Tensor, "feat columns"]
    share: Float[Tensor, " columns"]


def gauss(nodes: int, signed: bool = False) -> tuple[list[float], list[float]]:
    """Gauss-Legendre nodes and weights for the mean over U[0, 1], or over U[-1, 1].

    The signed rule has ``nodes`` on either side of zero, where activations have their kink.

    >>> nodes, weights = gauss(3)
    >>> round(sum(w * x**5 for x, w in zip(nodes, weights)), 12)  # exact to degree 2 nodes - 1
    0.166666666667
    """
    x, w = np.polynomial.legendre.leggauss(nodes)
    x, w = (x + 1) / 2, w / 2
    if signed:
        x, w = np.concatenate([-x[::-1], x]), np.concatenate([w[::-1], w]) / 2
    return x.tolist(), w.tolist()


def quadrature_columns(n: int, most: int, nodes: int, signed: bool = False) -> Columns:
    """All sets of at most ``most`` active features of n, with a product rule on each.

    There are sum_k C(n, k) nodes^k columns, twice the nodes if signed.

    >>> quadrature_columns(2, 2, 3).values.shape  # none, 2 x 3 for one, 9 for both
    torch.Size([2, 16])
    """
    points, weights = gauss(nodes, signed)
    values, active, share = [], [], []
    for members in sets(n, 0, most):
        for places in product(range(len(points)), repeat=len(members)):
            chosen = dict(zip(members, places, strict=True))
            values.append([points[chosen[i]] if i in chosen else 0.0 for i in range(n)])
            active.append([i in chosen for i in range(n)])
            share.append(float(np.prod([weights[k] for k in places])))
    return Columns(torch.tensor(values).mT, torch.tensor(active).mT, torch.tensor(share))


def stratified_columns(n: int, least: int, samples: int) -> Columns:
    """Places for random values in all sets of at least ``least`` active features, in turn.

    ``values`` is 1 where a random value belongs.

    >>> stratified_columns(3, 2, samples=5).active.int().tolist()  # {0,1}, {0,2}, {1,2}, all …
    [[1, 1, 0, 1, 1], [1, 0, 1, 1, 1], [0, 1, 1, 1, 0]]
    """
    members = sets(n, least, n)
    turns = [k % len(members) for k in range(samples if members else 0)]
    rows = [[i in members[turn] for turn in turns] for i in range(n)]
    active = torch.tensor(rows, dtype=torch.bool)
    share = torch.tensor([1 / turns.count(turn) for turn in turns])
    return Columns(active.to(share.dtype), active, share)


def sets(n: int, least: int, most: int) -> list[tuple[int, ...]]:
    """All sets of ``least`` to ``most`` of n features."""
    return [s for k in range(least, min(most, n) + 1) for s in combinations(range(n), k)]


def probability(
    active: Bool[Tensor, "feat columns"], density: Float[Tensor, "inst feat"]
) -> Float[Tensor, "inst columns"]:
    r"""Probability of each column's set, :math:`\prod_{i \in s} p_i \prod_{i \notin s} (1 - p_i)`.

    >>> active = torch.tensor([[False, True, True], [False, False, True]])
    >>> probability(active, torch.tensor([[0.1, 0.5]]))
    tensor([[0.4500, 0.0500, 0.0500]])
    """
    weight = torch.ones((), dtype=density.dtype, device=density.device)
    for i in range(len(active)):  # a product reduction would not fuse with what follows
        p = density[:, i, None]
        weight = weight * torch.where(active[i], p, 1 - p)
    return weight
