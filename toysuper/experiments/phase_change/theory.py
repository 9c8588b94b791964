"""Losses of the prototypes in closed form, and the boundaries between them.

Losses are expectations over independent features that are U[0, 1] when active.

Source: `Superposition as a Phase Change
<https://transformer-circuits.pub/2022/toy_model/index.html#phase-change>`_ and the authors' theory
notebook.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from toysuper.errors import UserError
from toysuper.functional.theory import uniform_variance

PHASES = (
    "extra not represented",
    "extra in place of another",
    "extra in superposition",
    "others in superposition",
)
"""Prototypes, in the order of :func:`prototype_losses`. The last one needs three features."""

EXTRA = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (1.0, 0.0))
"""Norm and superposition of the extra feature in each prototype."""

TRIPLE = 4 / 7
"""Density at which, if r = 1, all prototypes of two features have the same loss."""


def prototype_losses(
    n: int, density: Float[Tensor, "..."], relative: Float[Tensor, "..."], bias: bool = True
) -> Float[Tensor, "phases ..."]:
    r"""Compute the losses of the prototypes for n features in n - 1 dimensions.

    A feature that is not represented costs its variance :math:`u(p) = p/3 - p^2/4` if the bias
    answers its mean p/2, and :math:`p/3` without bias. Two antipodal ones cost :math:`p^2/6` each:
    if both are active, the error of each is the smaller value, and :math:`E \min(x, y)^2 = 1/6`.

    Args:
        n: number of features, 2 or 3.
        density: probability p that a feature is active.
        relative: importance r of the extra feature.
        bias: whether the model has an output bias.

    Raises:
        UserError: n is neither 2 nor 3.

    >>> prototype_losses(2, torch.tensor(TRIPLE, dtype=torch.float64), torch.ones(()))
    tensor([0.1088, 0.1088, 0.1088], dtype=torch.float64)
    """
    if n not in (2, 3):
        raise UserError(f"phase diagrams are for 2 or 3 features, not {n}; set data.n")
    p, r = torch.broadcast_tensors(density, relative)
    lost, pair = uniform_variance(p) if bias else p / 3, p**2 / 6
    return torch.stack([r * lost, lost, (1 + r) * pair, 2 * pair][: n + 1])


def boundary(relative: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    r"""Compute the density below which two features share a dimension, :math:`p = 4 r / (2 + 5 r)`.

    There the loss of superposition equals that of ignoring the extra feature. If r > 1, the
    features change roles, and 1 / r takes the place of r.

    >>> boundary(torch.tensor([0.1, 1.0, 10.0]))
    tensor([0.1600, 0.5714, 0.1600])
    """
    r = torch.minimum(relative, 1 / relative)
    return 4 * r / (2 + 5 * r)


def confused_loss(
    density: Float[Tensor, "..."], relative: Float[Tensor, "..."]
) -> Float[Tensor, "..."]:
    r"""Loss of :math:`W = [1, 1] / \sqrt 2` without bias, which equals :math:`(1 + r) u(p) / 2`.

    The model answers the mean of both features for each.

    Args:
        density: probability p that a feature is active.
        relative: importance r of the second feature.

    Source: the comment by McGrath in the paper.

    >>> confused_loss(torch.ones(()), torch.ones(()))
    tensor(0.0833)
    """
    return (1 + relative) * uniform_variance(density) / 2


def antipodal_loss(
    density: Float[Tensor, "..."], bias: Float[Tensor, "..."]
) -> Float[Tensor, "..."]:
    r"""Loss of each of two antipodal features of norm 1 with a common bias b in [0, 1].

    :math:`(1-p) b^2 + p b^3 / 3 + p^2 [(1-b)^3 / 3 - (1-b)^4 / 6]`; :math:`p^2 / 6` at b = 0.

    Args:
        density: probability p that a feature is active.
        bias: the bias b.

    >>> antipodal_loss(torch.tensor(0.5), torch.zeros(()))
    tensor(0.0417)
    """
    p, c = density, 1 - bias
    return (1 - p) * bias**2 + p * bias**3 / 3 + p**2 * (c**3 / 3 - c**4 / 6)


def antipodal_bias(density: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    r"""Compute the bias of the smallest :func:`antipodal_loss`.

    It is the root of :math:`2(1-p) b + p b^2 = p^2 [(1-b)^2 - \tfrac23 (1-b)^3]`, found by
    bisection, and about :math:`p^2 / 6(1-p)` if p is small.

    >>> p = torch.tensor([0.1, 0.5, 1.0])
    >>> antipodal_loss(p, antipodal_bias(p))
    tensor([0.0017, 0.0383, 0.0705])
    """
    low, high = torch.zeros_like(density), torch.ones_like(density)
    for _ in range(60):
        b = (low + high) / 2
        rising = 2 * (1 - density) * b + density * b**2
        beyond = rising > density**2 * ((1 - b) ** 2 - 2 / 3 * (1 - b) ** 3)
        low, high = torch.where(beyond, low, b), torch.where(beyond, b, high)
    return (low + high) / 2
