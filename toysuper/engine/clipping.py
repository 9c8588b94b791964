"""Gradient clipping that keeps instances apart."""

from collections.abc import Sequence

import torch
from torch import Tensor


def clip(gradients: Sequence[Tensor], limit: float) -> None:
    """Scale each instance's gradient, all parameters together, to a norm of at most ``limit``.

    >>> gradients = [torch.tensor([[3.0, 4.0], [0.3, 0.4]])]
    >>> clip(gradients, 1.0)
    >>> gradients
    [tensor([[0.6000, 0.8000],
            [0.3000, 0.4000]])]
    """
    norm = torch.stack([g.square().flatten(1).sum(1) for g in gradients]).sum(0).sqrt()
    scale = (limit / norm.clamp(min=torch.finfo(norm.dtype).tiny)).clamp(max=1)
    for g in gradients:
        g *= scale.view(-1, *[1] * (g.ndim - 1))
