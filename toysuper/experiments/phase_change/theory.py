r"""Closed forms of the paper's phase diagrams: two equal features and an extra one, or one and one.

The extra feature is the last. It has the relative importance r; all others have importance 1, and
all are active with density p. Losses are expectations over features that are U[0, 1] when active.

Source: the paper's section "Superposition as a Phase Change" and the authors' theory notebook.
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
"""The prototypes, in the order of :func:`prototype_losses`; the last needs three features."""

EXTRA = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (1.0, 0.0))
"""Norm and superposition of the extra feature in each."""

TRIPLE = 4 / 7
"""Density at which, with r = 1, all prototypes of two features cost the same."""


def prototype_losses(
    n: int, density: Float[Tensor, "..."], relative: Float[Tensor, "..."], bias: bool = True
) -> Float[Tensor, "phases ..."]:
    r"""Losses of the prototypes for n features in n - 1 dimensions, n of 2 or 3.

    A feature that is not represented costs its variance :math:`u(p) = p/3 - p^2/4` if the bias
    answers its mean p/2, and :math:`p/3` without bias. Two antipodal ones cost :math:`p^2/6` each:
    both err by the lesser, with :math:`E \min(x, y)^2 = 1/6`, when both are active.

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
    r"""Density below which two features share a dimension: :math:`p = 4 r / (2 + 5 r)`, r <= 1.

    There the loss of superposition equals that of ignoring the extra feature. For r > 1 the roles
    are exchanged: 1 / r stands for r.

    >>> boundary(torch.tensor([0.1, 1.0, 10.0]))
    tensor([0.1600, 0.5714, 0.1600])
    """
    r = torch.minimum(relative, 1 / relative)
    return 4 * r / (2 + 5 * r)


def confused_loss(
    density: Float[Tensor, "..."], relative: Float[Tensor, "..."]
) -> Float[Tensor, "..."]:
    r"""Loss of :math:`W = [1, 1] / \sqrt 2` without bias, which equals :math:`(1 + r) u(p) / 2`.

    The mean of both features is answered for each. Source: the comment by McGrath in the paper.

    >>> confused_loss(torch.ones(()), torch.ones(()))
    tensor(0.0833)
    """
    return (1 + relative) * uniform_variance(density) / 2


def antipodal_loss(
    density: Float[Tensor, "..."], bias: Float[Tensor, "..."]
) -> Float[Tensor, "..."]:
    r"""Loss of each of two antipodal features of norm 1 with a common bias b in [0, 1].

    :math:`(1-p) b^2 + p b^3 / 3 + p^2 [(1-b)^3 / 3 - (1-b)^4 / 6]`; :math:`p^2 / 6` at b = 0.

    >>> antipodal_loss(torch.tensor(0.5), torch.zeros(()))
    tensor(0.0417)
    """
    p, c = density, 1 - bias
    return (1 - p) * bias**2 + p * bias**3 / 3 + p**2 * (c**3 / 3 - c**4 / 6)


def antipodal_bias(density: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    r"""The bias that makes :func:`antipodal_loss` least, about :math:`p^2 / 6(1-p)` for small p.

    The root of :math:`2(1-p) b + p b^2 = p^2 [(1-b)^2 - \tfrac23 (1-b)^3]`, by bisection: the left
    side grows with b, the right side falls.

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
