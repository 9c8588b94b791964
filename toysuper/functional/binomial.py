"""The binomial distribution, for one probability per instance."""

from math import lgamma

import torch
from torch import Tensor


def binomial_probability(n: int, k: int, density: Tensor) -> Tensor:
    r"""Probability that k of n features are active, :math:`\binom{n}{k} p^k (1 - p)^{n - k}`.

    Computed with logarithms, so that no term is too large for floating point.

    Args:
        n: number of features.
        k: number of active features.
        density: probability p that a feature is active, of any shape.

    >>> binomial_probability(2, 1, torch.tensor([0.5, 1.0]))
    tensor([0.5000, 0.0000])
    """
    ways = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
    active, inactive = torch.tensor(float(k)), torch.tensor(float(n - k))
    return torch.exp(ways + torch.xlogy(active, density) + torch.xlogy(inactive, 1 - density))
