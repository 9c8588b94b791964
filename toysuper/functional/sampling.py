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
    return with_sign(random_bits, torch.relu(1 - u / density[..., None]), signed)


def sparse_exponential(
    random_bits: Int[Tensor, "inst feat batch"],
    density: Float[Tensor, "inst feat"],
    signed: bool = False,
) -> Float[Tensor, "inst feat batch"]:
    r"""Features that are zero with probability 1 - p and exponential with mean 1 otherwise.

    .. math:: x = \mathrm{ReLU}(-\log(u / p)), \quad u \sim U[0, 1)

    >>> quarters = torch.tensor([[[1 << 29, 3 << 29]]], dtype=torch.int32)  # u = 1/4, 3/4
    >>> sparse_exponential(quarters, torch.tensor([[0.5]]))
    tensor([[[0.6931, 0.0000]]])
    """
    u = uniform(random_bits, density.dtype).clamp(min=LEAST)
    return with_sign(random_bits, torch.relu(-torch.log(u / density[..., None])), signed)


def sparse_power_law(
    random_bits: Int[Tensor, "inst feat batch"],
    density: Float[Tensor, "inst feat"],
    exponent: float,
    signed: bool = False,
) -> Float[Tensor, "inst feat batch"]:
    r"""Features that are zero with probability 1 - p, else Pareto with least magnitude 1.

    .. math:: x = (u / p)^{-1 / a} \text{ where } u < p, \quad u \sim U[0, 1)

    >>> quarters = torch.tensor([[[1 << 29, 1 << 30]]], dtype=torch.int32)  # u = 1/4, 1/2
    >>> sparse_power_law(quarters, torch.tensor([[0.5]]), exponent=2.0)
    tensor([[[1.4142, 0.0000]]])
    """
    share = uniform(random_bits, density.dtype).clamp(min=LEAST) / density[..., None]
    return with_sign(random_bits, torch.where(share < 1, share ** (-1 / exponent), 0), signed)


LEAST = 2.0**-32
"""Stands for a u of 0, which would be an infinite magnitude."""


def with_sign(random_bits: Tensor, magnitude: Tensor, signed: bool) -> Tensor:
    """The magnitude, negative where ``signed`` and the random sign bit is set."""
    return torch.where(random_bits < 0, -magnitude, magnitude) if signed else magnitude
