"""Sparse features from random bits."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from toysuper.functional.noise import uniform


def sparse_uniform(
    random_bits: Int[Tensor, "inst feat batch"],
    density: Float[Tensor, "inst feat"],
    signed: bool = False,
) -> Float[Tensor, "inst feat batch"]:
    r"""Features that are zero with probability 1 - p and uniform otherwise.

    .. math:: x = \mathrm{ReLU}(1 - u / p), \quad u \sim U[0, 1)

    One draw does both: u < p with probability p, and then u / p is itself uniform. With ``signed``
    the sign is an independent bit, so active values are U[-1, 1].

    Source: the paper's sections "Demonstrating Superposition" (unsigned) and "Computation in
    Superposition" (signed).

    >>> quarters = torch.tensor([[[0, 1 << 29, 1 << 30]]], dtype=torch.int32)  # u = 0, 1/4, 1/2
    >>> sparse_uniform(quarters, torch.tensor([[0.5]]))
    tensor([[[1.0000, 0.5000, 0.0000]]])
    """
    u = uniform(random_bits, density.dtype)
    magnitude = torch.relu(1 - u / density[..., None])
    return torch.where(random_bits < 0, -magnitude, magnitude) if signed else magnitude
