"""Activations that may differ from instance to instance."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from toysuper.names import resolve

HARMLESS = 0.5
"""What a function sees in rows that are not its own: a NaN there would reach their gradients."""


def kinds(names: Sequence[str]) -> tuple[list[str], Int[Tensor, " inst"]]:
    """The different names, and which of them each instance has.

    >>> kinds(["relu", "identity", "relu"])
    (['relu', 'identity'], tensor([0, 1, 0]))
    """
    different = list(dict.fromkeys(names))
    places = {name: k for k, name in enumerate(different)}
    return different, torch.tensor([places[name] for name in names])


def activate(
    z: Float[Tensor, "inst ..."], names: Sequence[str], which: Int[Tensor, "#inst"]
) -> Float[Tensor, "inst ..."]:
    """Apply to each instance the elementwise function ``names[which[i]]``.

    >>> activate(torch.tensor([[-1.0], [-1.0]]), ["relu", "identity"], torch.tensor([0, 1]))
    tensor([[ 0.],
            [-1.]])
    """
    if len(names) == 1:
        return resolve(names[0], "activation")(z)
    out = torch.zeros_like(z)
    for k, name in enumerate(names):
        own = (which == k).to(z.dtype).view(-1, *[1] * (z.ndim - 1))  # a factor, not a mask: fuses
        out = out + own * resolve(name, "activation")(own * z + (1 - own) * HARMLESS)
    return out


def named(function: str) -> str:
    """An activation function as it is written in text.

    >>> named("relu"), named("torch.special.erf")
    ('ReLU', 'torch.special.erf')
    """
    return {"identity": "linear", "relu": "ReLU", "gelu": "GELU"}.get(function, function)
