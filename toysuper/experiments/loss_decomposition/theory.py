r"""The loss of a ReLU-output model, split by how many features are active.

.. math:: L = \sum_k P(k)\, L_k, \qquad
          L_0 = \sum_i I_i \mathrm{ReLU}(b_i)^2, \qquad
          L_1 = \text{feature benefit} + \text{interference}

Here :math:`L_k` is the *mean* over sets of k active features and :math:`P(k)` the probability of k;
`Mathematical Understanding
<https://transformer-circuits.pub/2022/toy_model/index.html#demonstrating>`_ writes the sum over
these sets. Features are independent, and U[0, 1] when active.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from toysuper.functional.noise import Purpose, bits, uniform
from toysuper.functional.theory import binomial, integral_relu_error, integral_relu_squared


class Parts(NamedTuple):
    """Contributions to the loss, each ``(inst,)`` and weighted by its probability."""

    none: Tensor
    benefit: Tensor
    interference: Tensor
    two: Tensor
    more: Tensor

    @property
    def total(self) -> Tensor:
        """The loss, the sum of all contributions."""
        return torch.stack(self).sum(0)

    @property
    def sparse_fraction(self) -> Tensor:
        """Fraction of the loss from inputs with at most one active feature."""
        return (self.none + self.benefit + self.interference) / self.total


def none_active(
    bias: Float[Tensor, "inst feat"], importance: Float[Tensor, "inst feat"]
) -> Float[Tensor, " inst"]:
    r"""Loss without any active feature, :math:`L_0 = \sum_i I_i \mathrm{ReLU}(b_i)^2`."""
    return (importance * torch.relu(bias).square()).sum(-1)


def one_active(
    W: Float[Tensor, "inst hidden feat"],
    bias: Float[Tensor, "inst feat"],
    importance: Float[Tensor, "inst feat"],
) -> tuple[Float[Tensor, "inst feat"], Float[Tensor, "inst feat"]]:
    r"""Compute feature benefit and interference of each feature i if it alone is active.

    .. math:: B_i = I_i \int_0^1 (x - \mathrm{ReLU}(\|W_i\|^2 x + b_i))^2 dx \qquad
              F_i = \sum_{j \ne i} I_j \int_0^1 \mathrm{ReLU}(W_j \cdot W_i\, x + b_j)^2 dx

    Args:
        W: feature directions.
        bias: output bias.
        importance: weight of each feature's error.

    >>> digon = torch.tensor([[[1.0, -1.0]]])
    >>> one_active(digon, torch.zeros(1, 2), torch.ones(1, 2))
    (tensor([[0., 0.]]), tensor([[0., 0.]]))
    """
    gram = W.mT @ W
    own = gram.diagonal(dim1=-2, dim2=-1)
    others = integral_relu_squared(gram, bias[..., None].expand_as(gram)) * importance[..., None]
    others = others - torch.diag_embed(others.diagonal(dim1=-2, dim2=-1))
    return importance * integral_relu_error(own, bias), others.sum(-2)


MIN_PROBABILITY = 1e-9
"""Numbers k of active features that are less probable are left out."""


def decompose(
    W: Float[Tensor, "inst hidden feat"],
    bias: Float[Tensor, "inst feat"],
    importance: Float[Tensor, "inst feat"],
    density: Float[Tensor, " inst"],
    samples: int = 16384,
) -> Parts:
    """Split the loss by number of active features k: k <= 1 in closed form, k >= 2 by sampling.

    Args:
        W: feature directions.
        bias: output bias.
        importance: weight of each feature's error.
        density: the one density p of all features of an instance.
        samples: number of random inputs for each k >= 2.

    >>> digon, zero = torch.tensor([[[1.0, -1.0]]]), torch.zeros(1, 2)
    >>> parts = decompose(digon, zero, torch.ones(1, 2), torch.tensor([0.1]))
    >>> float(parts.sparse_fraction), round(float(parts.total), 3)  # p^2 / 3
    (0.0, 0.003)
    """
    n = W.shape[-1]
    benefit, interference = one_active(W, bias, importance)
    counts = [k for k in range(2, n + 1) if binomial(n, k, density).max() > MIN_PROBABILITY]
    several = sampled_losses(W, bias, importance, counts, samples)
    several = {k: binomial(n, k, density) * loss for k, loss in several.items()}
    one = binomial(n, 1, density) / n  # one particular feature is active alone
    zero = torch.zeros_like(density)
    return Parts(
        none=binomial(n, 0, density) * none_active(bias, importance),
        benefit=one * benefit.sum(-1),
        interference=one * interference.sum(-1),
        two=several.get(2, zero),
        more=sum((loss for k, loss in several.items() if k > 2), zero),
    )


def sampled_losses(
    W: Float[Tensor, "inst hidden feat"],
    bias: Float[Tensor, "inst feat"],
    importance: Float[Tensor, "inst feat"],
    counts: Sequence[int],
    samples: int,
) -> dict[int, Tensor]:
    """Estimate the mean loss ``(inst,)`` over inputs with exactly k active features, for each k.

    Args:
        W: feature directions.
        bias: output bias.
        importance: weight of each feature's error.
        counts: the numbers k.
        samples: number of random inputs for each k.
    """
    key = torch.tensor([[W.shape[-1], samples]], dtype=torch.int32, device=W.device)
    losses = {}
    for k in counts:
        order = uniform(bits(key, 2 * k, Purpose.ANALYSIS, W.shape[-1], samples), W.dtype)
        values = uniform(bits(key, 2 * k + 1, Purpose.ANALYSIS, W.shape[-1], samples), W.dtype)
        x = values * (order.argsort(1).argsort(1) < k)
        error = x - torch.relu(W.mT @ (W @ x) + bias[..., None])
        losses[k] = (importance[..., None] * error.square()).sum(1).mean(-1)
    return losses
