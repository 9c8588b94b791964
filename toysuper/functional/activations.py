"""Activations that may differ from instance to instance."""

from collections.abc import Sequence

import torch
from torch import Tensor

from toysuper.functional.resolve import resolve

HARMLESS = 0.5
"""What a function sees in rows that are not its own: a NaN there would reach their gradients."""


def activate(z: Tensor, names: Sequence[str]) -> Tensor:
    """Apply one elementwise function per instance: ``names`` has one name, or one per row of z.

    >>> activate(torch.tensor([[-1.0], [-1.0]]), ["relu", "identity"])
    tensor([[ 0.],
            [-1.]])
    """
    distinct = list(dict.fromkeys(names))
    if len(distinct) == 1:
        return resolve(distinct[0], "activation")(z)
    out = torch.zeros_like(z)
    for name in distinct:
        rows = torch.tensor([each == name for each in names], device=z.device)
        rows = rows.view(-1, *[1] * (z.ndim - 1))
        own = torch.where(rows, z, HARMLESS)
        out = torch.where(rows, resolve(name, "activation")(own), out)
    return out
