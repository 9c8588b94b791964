r"""Tasks whose target at one feature depends on several features.

Pairs are neighbours on a ring, features i and i + 1 modulo n, so that a target has as many rows
as there are features. One ReLU for each pair computes each of these tasks, as in
:math:`\max(a, b) = a + \mathrm{ReLU}(b - a)`.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def pair_max(x: Float[Tensor, "*inst feat batch"]) -> Float[Tensor, "*inst feat batch"]:
    r"""Compute :math:`y_i = \max(x_i, x_{i+1})`, which is OR for features in [0, 1].

    >>> pair_max(torch.tensor([[0.1], [0.9], [0.0]])).flatten()
    tensor([0.9000, 0.9000, 0.1000])
    """
    return torch.maximum(x, x.roll(-1, -2))


def pair_and(x: Float[Tensor, "*inst feat batch"]) -> Float[Tensor, "*inst feat batch"]:
    r"""Compute :math:`y_i = \min(x_i, x_{i+1})`, which is AND for features in [0, 1].

    >>> pair_and(torch.tensor([[0.1], [0.9], [0.0]])).flatten()
    tensor([0.1000, 0.0000, 0.0000])
    """
    return torch.minimum(x, x.roll(-1, -2))


def pair_xor(x: Float[Tensor, "*inst feat batch"]) -> Float[Tensor, "*inst feat batch"]:
    r"""Compute :math:`y_i = |x_i - x_{i+1}|`, which is XOR for features that are 0 or 1.

    >>> pair_xor(torch.tensor([[0.25], [1.0], [0.0]])).flatten()
    tensor([0.7500, 1.0000, 0.2500])
    """
    return (x - x.roll(-1, -2)).abs()
