"""Sparse features from random bits."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from toysuper.functional.noise import uniform

MIN_UNIFORM = 2.0**-32
"""Replaces a uniform number of 0, whose magnitude would be infinite."""


def sparse_uniform(
    random_bits: Int[Tensor, "inst feat batch"],
    density: Float[Tensor, "inst feat"],
    signed: bool = False,
) -> Float[Tensor, "inst feat batch"]:
    r"""Compute features that are zero with probability 1 - p and U[0, 1] otherwise.

    .. math:: x = \mathrm{ReLU}(1 - u / p), \quad u \sim U[0, 1)

    One random number is enough: u < p has probability p, and then u / p is itself uniform.

    Source: `Demonstrating Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#demonstrating>`_ (unsigned),
    `Computation in Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#computation>`_ (signed).

    Args:
        random_bits: 32 random bits for each value.
        density: probability p that a feature is active.
        signed: give each value a random sign, so that active values are U[-1, 1].

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
    r"""Compute features that are zero with probability 1 - p and exponential otherwise.

    .. math:: x = \mathrm{ReLU}(-\log(u / p)), \quad u \sim U[0, 1)

    Args:
        random_bits: 32 random bits for each value.
        density: probability p that a feature is active; active values have mean 1.
        signed: give each value a random sign, so that active values have a Laplace distribution.

    >>> quarters = torch.tensor([[[1 << 29, 3 << 29]]], dtype=torch.int32)  # u = 1/4, 3/4
    >>> sparse_exponential(quarters, torch.tensor([[0.5]]))
    tensor([[[0.6931, 0.0000]]])
    """
    u = uniform(random_bits, density.dtype).clamp(min=MIN_UNIFORM)
    return with_sign(random_bits, torch.relu(-torch.log(u / density[..., None])), signed)


def sparse_power_law(
    random_bits: Int[Tensor, "inst feat batch"],
    density: Float[Tensor, "inst feat"],
    exponent: float,
    signed: bool = False,
) -> Float[Tensor, "inst feat batch"]:
    r"""Compute features that are zero with probability 1 - p and Pareto-distributed otherwise.

    .. math:: x = (u / p)^{-1 / a} \text{ where } u < p, \quad u \sim U[0, 1)

    Args:
        random_bits: 32 random bits for each value.
        density: probability p that a feature is active; active values are at least 1.
        exponent: exponent a of the tail, :math:`P(x > t) = t^{-a}` for active values.
        signed: give each value a random sign.

    >>> quarters = torch.tensor([[[1 << 29, 1 << 30]]], dtype=torch.int32)  # u = 1/4, 1/2
    >>> sparse_power_law(quarters, torch.tensor([[0.5]]), exponent=2.0)
    tensor([[[1.4142, 0.0000]]])
    """
    ratio = uniform(random_bits, density.dtype).clamp(min=MIN_UNIFORM) / density[..., None]
    return with_sign(random_bits, torch.where(ratio < 1, ratio ** (-1 / exponent), 0), signed)


def with_sign(random_bits: Tensor, magnitude: Tensor, signed: bool) -> Tensor:
    """Give magnitudes the sign of their random bits.

    Args:
        random_bits: int32 words of the magnitudes' shape; their sign bit decides.
        magnitude: values of at least 0.
        signed: if false, return the magnitudes unchanged.

    >>> with_sign(torch.tensor([5, -5]), torch.tensor([1.0, 2.0]), signed=True)
    tensor([ 1., -2.])
    """
    return torch.where(random_bits < 0, -magnitude, magnitude) if signed else magnitude
