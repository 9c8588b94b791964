"""Activations that may differ from instance to instance."""

from collections.abc import Sequence

import torch
from torch import Tensor

from toysuper.functional.resolve import resolve


def activate(z: Tensor, names: Sequence[str]) -> Tensor:
    """Apply one elementwise function per instance: ``names`` has one name, or one per row of z.

    >>> activate(torch.tensor([[-1.0], [-1.0]]), ["relu", "identity"])
    tensor([[ 0.],
            [-1.]])
    """
    first, *others = dict.fromkeys(names)
    out = resolve(first, "activation")(z)
    for name in others:
        rows = torch.tensor([each == name for each in names], device=z.device)
        rows = rows.view(-1, *[1] * (z.ndim - 1))
        out = torch.where(rows, resolve(name, "activation")(z), out)
    return out
