r"""The analytic L2 attack on a toy model: one feature's direction at a time.

Gradient attacks fail on sparse inputs, where most outputs are cut off by the ReLU, so the paper
pushes along the input that moves output i most. Source: the paper's section "Superposition and
Adversarial Examples"; signs, clipping and the target are not said there: we try both signs, do not
clip, and keep the clean x as the target.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from toysuper.functional.geometry import DEAD

Forward = Callable[[Tensor], Tensor]


def attack_directions(
    encoder: Float[Tensor, "inst hidden feat"], decoder: Float[Tensor, "inst hidden feat"]
) -> Float[Tensor, "inst feat outputs"]:
    r"""Unit inputs :math:`d_i = (V^\top W)_i / \|(V^\top W)_i\|` as columns, zero for dead rows.

    For tied weights the rows of :math:`W^\top W`.

    >>> W = torch.tensor([[[1.0, -1.0]]])
    >>> attack_directions(W, W)[0, :, 0]
    tensor([ 0.7071, -0.7071])
    """
    rows = encoder.mT @ decoder
    length = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
    return torch.where(length > DEAD, rows / length.clamp(min=DEAD), 0)


def attacked_loss(
    forward: Forward,
    directions: Float[Tensor, "inst feat outputs"],
    importance: Float[Tensor, "inst feat"],
    x: Float[Tensor, "inst feat batch"],
    budget: Float[Tensor, " inst"],
) -> tuple[Float[Tensor, " inst"], Float[Tensor, " inst"]]:
    r"""Mean loss of clean inputs, and with the most harmful :math:`\pm \epsilon d_i` added to each.

    >>> x, W = torch.zeros(1, 2, 1), torch.tensor([[[1.0, -1.0]]])
    >>> relu = lambda v: torch.relu(W.mT @ (W @ v))
    >>> ones = torch.ones(1)
    >>> _, worst = attacked_loss(relu, attack_directions(W, W), torch.ones(1, 2), x, ones)
    >>> worst.round(decimals=4)  # (2 / 2^0.5)^2
    tensor([2.])
    """

    def loss(inputs: Tensor) -> Tensor:
        return (importance[..., None] * (x - forward(inputs)).square()).sum(1)

    clean = worst = loss(x)
    for i in range(directions.shape[2]):
        push = (budget[:, None] * directions[..., i])[..., None]
        worst = torch.maximum(worst, torch.maximum(loss(x + push), loss(x - push)))
    return clean.mean(-1), worst.mean(-1)
