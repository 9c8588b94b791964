"""Elementwise functions that may differ from instance to instance."""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

Function = Callable[[Tensor], Tensor]

SAFE_INPUT = 0.5
"""Replaces the inputs of other instances: each function has a finite gradient at this number."""


def apply_per_instance(
    z: Float[Tensor, "inst ..."], functions: Sequence[Function], which: Int[Tensor, "#inst"]
) -> Float[Tensor, "inst ..."]:
    """Compute ``functions[which[i]](z[i])`` for each instance i.

    Every function runs on all instances, because a selection of instances would not compile. It
    gets ``SAFE_INPUT`` where another function applies: the derivative of a value that
    ``torch.where`` discards could still be NaN.

    Args:
        z: inputs, instances first.
        functions: elementwise functions.
        which: index of each instance's function, or one index for all.

    >>> z = torch.tensor([[-1.0], [-1.0]])
    >>> apply_per_instance(z, [torch.relu, torch.square], torch.tensor([0, 1]))
    tensor([[0.],
            [1.]])
    """
    if len(functions) == 1:
        return functions[0](z)
    result = torch.zeros_like(z)
    for k, function in enumerate(functions):
        # a factor instead of a mask, because it fuses
        selected = (which == k).to(z.dtype).view(-1, *[1] * (z.ndim - 1))
        result = result + selected * function(selected * z + (1 - selected) * SAFE_INPUT)
    return result
