r"""The analytic L2 attack on a toy model: one direction for each output.

Gradient attacks fail on sparse inputs, because the ReLU cuts off most outputs. The paper therefore
moves the input along the direction that changes output i most. It does not specify the sign, the
clipping or the target: this implementation tries both signs, does not clip, and compares with the
clean x.

Source: `Superposition and Adversarial Examples
<https://transformer-circuits.pub/2022/toy_model/index.html#adversarial>`_.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from toysuper.functional.geometry import MIN_NORM

Forward = Callable[[Tensor], Tensor]


def attack_directions(
    encoder: Float[Tensor, "inst hidden feat"], decoder: Float[Tensor, "inst hidden feat"]
) -> Float[Tensor, "inst feat outputs"]:
    r"""Compute unit inputs :math:`d_i = (V^\top W)_i / \|(V^\top W)_i\|`, one column per output.

    A row below ``MIN_NORM`` gives the direction zero. Models with tied weights have V = W.

    Args:
        encoder: W, from features to the hidden layer.
        decoder: V, whose transpose leads from the hidden layer to the outputs.

    >>> W = torch.tensor([[[1.0, -1.0]]])
    >>> attack_directions(W, W)[0, :, 0]
    tensor([ 0.7071, -0.7071])
    """
    rows = encoder.mT @ decoder
    length = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
    return torch.where(length > MIN_NORM, rows / length.clamp(min=MIN_NORM), 0)


def attacked_loss(
    forward: Forward,
    directions: Float[Tensor, "inst feat outputs"],
    importance: Float[Tensor, "inst feat"],
    x: Float[Tensor, "inst feat batch"],
    budget: Float[Tensor, " inst"],
) -> tuple[Float[Tensor, " inst"], Float[Tensor, " inst"]]:
    r"""Compute the mean loss of clean inputs and of attacked inputs.

    The attacked input is the worst for its sample among x and all :math:`x \pm \epsilon d_i`.

    Args:
        forward: the model, from inputs to outputs of the same shape.
        directions: unit inputs :math:`d_i` as columns, from :func:`attack_directions`.
        importance: weight :math:`I_i` of each feature's squared error.
        x: clean inputs, which are also the target.
        budget: length :math:`\epsilon` of the attack on each instance.

    Returns:
        The mean loss of the clean inputs, and that of the attacked ones.

    >>> x, W = torch.zeros(1, 2, 1), torch.tensor([[[1.0, -1.0]]])
    >>> model = lambda v: torch.relu(W.mT @ (W @ v))
    >>> ones = torch.ones(1)
    >>> _, worst = attacked_loss(model, attack_directions(W, W), torch.ones(1, 2), x, ones)
    >>> worst.round(decimals=4)  # (2 / 2^0.5)^2
    tensor([2.])
    """

    def loss(inputs: Tensor) -> Tensor:
        return (importance[..., None] * (x - forward(inputs)).square()).sum(1)

    clean = worst = loss(x)
    for i in range(directions.shape[2]):
        shift = (budget[:, None] * directions[..., i])[..., None]
        worst = torch.maximum(worst, torch.maximum(loss(x + shift), loss(x - shift)))
    return clean.mean(-1), worst.mean(-1)
