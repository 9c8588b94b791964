"""Expectations over sparse features as weighted columns, by their set of active features."""

from collections import Counter
from itertools import combinations, product
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor


class Columns(NamedTuple):
    """Columns that divide the probability of each set of active features among themselves.

    Attributes:
        values: the features, zero where they are inactive.
        active: which features are active.
        weight: weight of a column given its set; these weights sum to 1 over each set.
    """

    values: Float[Tensor, "feat columns"]
    active: Bool[Tensor, "feat columns"]
    weight: Float[Tensor, " columns"]


def gauss(nodes: int, signed: bool = False) -> tuple[list[float], list[float]]:
    """Compute the nodes and weights of a Gauss-Legendre rule for the mean over U[0, 1].

    Args:
        nodes: number of nodes; the rule is exact up to degree 2 nodes - 1.
        signed: take the mean over U[-1, 1], with ``nodes`` on either side of zero, because
            activations have their kink at zero.

    >>> nodes, weights = gauss(3)
    >>> round(sum(w * x**5 for x, w in zip(nodes, weights)), 12)
    0.166666666667
    """
    x, w = np.polynomial.legendre.leggauss(nodes)
    x, w = (x + 1) / 2, w / 2
    if signed:
        x, w = np.concatenate([-x[::-1], x]), np.concatenate([w[::-1], w]) / 2
    return x.tolist(), w.tolist()


def quadrature_columns(n: int, max_active: int, nodes: int, signed: bool = False) -> Columns:
    r"""Compute a product rule on each set of at most ``max_active`` of n features.

    There are :math:`\sum_k \binom{n}{k} q^k` columns for q nodes, or for 2 q nodes if signed.

    Args:
        n: number of features.
        max_active: size of the largest sets.
        nodes: number q of nodes for each active feature.
        signed: integrate over U[-1, 1] instead of U[0, 1].

    >>> quadrature_columns(2, 2, 3).values.shape  # 1 for no feature, 2 x 3 for one, 9 for both
    torch.Size([2, 16])
    """
    points, weights = gauss(nodes, signed)
    values, active, weight = [], [], []
    for members in feature_sets(n, 0, max_active):
        for indices in product(range(len(points)), repeat=len(members)):
            node = dict(zip(members, indices, strict=True))
            values.append([points[node[i]] if i in node else 0.0 for i in range(n)])
            active.append([i in node for i in range(n)])
            weight.append(float(np.prod([weights[k] for k in indices])))
    return Columns(torch.tensor(values).mT, torch.tensor(active).mT, torch.tensor(weight))


def stratified_columns(n: int, min_active: int, samples: int) -> Columns:
    """Distribute random columns evenly over all sets of at least ``min_active`` active features.

    ``values`` is 1 where the caller inserts a random value.

    Args:
        n: number of features.
        min_active: size of the smallest sets.
        samples: number of columns, at least one for each set.

    >>> stratified_columns(3, 2, samples=5).active.int().tolist()  # {0,1}, {0,2}, {1,2}, all, {0,1}
    [[1, 1, 0, 1, 1], [1, 0, 1, 1, 1], [0, 1, 1, 1, 0]]
    """
    members = feature_sets(n, min_active, n)
    indices = [k % len(members) for k in range(samples if members else 0)]
    sets = torch.tensor([[i in s for s in members] for i in range(n)], dtype=torch.bool)
    active = sets.view(n, len(members))[:, indices]
    counts = Counter(indices)
    weight = torch.tensor([1 / counts[index] for index in indices])
    return Columns(active.to(weight.dtype), active, weight)


def feature_sets(n: int, min_size: int, max_size: int) -> list[tuple[int, ...]]:
    """Return all sets of ``min_size`` to ``max_size`` of n features, small ones first.

    Args:
        n: number of features.
        min_size: size of the smallest sets.
        max_size: size of the largest sets; n if it is larger.

    >>> feature_sets(3, 2, 3)
    [(0, 1), (0, 2), (1, 2), (0, 1, 2)]
    """
    sizes = range(min_size, min(max_size, n) + 1)
    return [members for size in sizes for members in combinations(range(n), size)]


def probability(
    active: Bool[Tensor, "feat columns"], density: Float[Tensor, "inst feat"]
) -> Float[Tensor, "inst columns"]:
    r"""Compute the probability of each column's set s of active features.

    .. math:: P(s) = \prod_{i \in s} p_i \prod_{i \notin s} (1 - p_i)

    Args:
        active: which features are in the set.
        density: probability :math:`p_i` that a feature is active.

    >>> active = torch.tensor([[False, True, True], [False, False, True]])
    >>> probability(active, torch.tensor([[0.1, 0.5]]))
    tensor([[0.4500, 0.0500, 0.0500]])
    """
    result = torch.ones((), dtype=density.dtype, device=density.device)
    for i in range(len(active)):  # a loop fuses with the code that follows, a reduction does not
        p = density[:, i, None]
        result = result * torch.where(active[i], p, 1 - p)
    return result
