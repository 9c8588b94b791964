r"""Geometry of the feature directions, the columns W_i of W.

Everything here takes ``W`` of shape ``(inst, hidden, feat)`` and writes :math:`\hat W_i` for
:math:`W_i / \|W_i\|`. Dead features (norm below 1e-6) have direction zero.
"""

import torch
from jaxtyping import Float
from torch import Tensor

DEAD = 1e-6  # the authors' notebook clamps norms here


def norms(W: Float[Tensor, "inst hidden feat"]) -> Float[Tensor, "inst feat"]:
    r"""Length of each feature direction, :math:`\|W_i\|`.

    >>> norms(torch.tensor([[[3.0, 0.0], [4.0, 1.0]]]))
    tensor([[5., 1.]])
    """
    return torch.linalg.vector_norm(W, dim=1)


def directions(W: Float[Tensor, "inst hidden feat"]) -> Float[Tensor, "inst hidden feat"]:
    r"""Unit vectors :math:`\hat W_i`, zero where the feature is dead."""
    length = norms(W)[:, None]
    return torch.where(length > DEAD, W / length.clamp(min=DEAD), 0)


def interference(W: Float[Tensor, "inst hidden feat"]) -> Float[Tensor, "inst feat feat"]:
    r"""How much j disturbs i, :math:`(\hat W_i \cdot W_j)^2`, zero on the diagonal.

    Source: the paper's section "Definitions and Motivation".
    """
    squares = (directions(W).mT @ W).square()
    return squares * (1 - torch.eye(W.shape[-1], dtype=W.dtype, device=W.device))


def superposition(W: Float[Tensor, "inst hidden feat"]) -> Float[Tensor, "inst feat"]:
    r"""The paper's bar colour, :math:`\sum_{j \ne i} (\hat W_i \cdot W_j)^2`.

    0 is a feature with a dimension of its own, 1 an antipodal pair. The authors' notebook colours
    by the square root of this.

    >>> superposition(torch.tensor([[[1.0, -1.0, 0.0], [0.0, 0.0, 1.0]]]))
    tensor([[1., 1., 0.]])
    """
    return interference(W).sum(-1)


def net_interference(
    W: Float[Tensor, "inst hidden feat"], density: Float[Tensor, "inst feat"]
) -> Float[Tensor, "inst feat"]:
    r"""Interference weighted by how often it happens, :math:`\sum_{j\ne i} p_j (\hat W_i W_j)^2`.

    Source: the authors' notebook.
    """
    return (interference(W) @ density[..., None])[..., 0]


def dimensionality(W: Float[Tensor, "inst hidden feat"]) -> Float[Tensor, "inst feat"]:
    r"""Feature dimensionality :math:`D_i = \|W_i\|^2 / \sum_j (\hat W_i \cdot W_j)^2`.

    The share of a hidden dimension that feature i has to itself: 1 alone, 1/2 in an antipodal
    pair, 2/5 in a pentagon, 0 if not learned; :math:`\sum_i D_i \le \mathrm{rank}\, W`.

    Source: the paper's section "The Geometry of Superposition".

    >>> dimensionality(torch.tensor([[[1.0, -1.0, 0.0], [0.0, 0.0, 1.0]]]))
    tensor([[0.5000, 0.5000, 1.0000]])
    """
    own = norms(W).square()
    return torch.where(own > DEAD**2, own / (own + superposition(W)).clamp(min=DEAD**2), 0)


def dimensions_per_feature(W: Float[Tensor, "inst hidden feat"]) -> Float[Tensor, " inst"]:
    r"""The paper's :math:`D^* = m / \|W\|_F^2`, with all of W's rows for m.

    >>> dimensions_per_feature(torch.tensor([[[1.0, -1.0]]]))
    tensor([0.5000])
    """
    return W.shape[1] / W.square().sum((1, 2)).clamp(min=DEAD**2)


def leverage(W: Float[Tensor, "inst hidden feat"]) -> Float[Tensor, "inst feat"]:
    r"""Leverage score :math:`l_i = W_i^\top (W W^\top)^+ W_i`, an upper bound of D_i.

    They agree exactly where each W_i is an eigenvector of :math:`W W^\top` (tight frames).
    Their sum is the rank of W.

    >>> leverage(torch.tensor([[[1.0, -1.0, 0.0], [0.0, 0.0, 1.0]]]))
    tensor([[0.5000, 0.5000, 1.0000]])
    """
    _, scale, right = torch.linalg.svd(W, full_matrices=False)
    cut = scale.amax(-1, keepdim=True) * max(W.shape[1:]) * torch.finfo(W.dtype).eps
    return (right.square() * (scale > cut)[..., None]).sum(1)


def angle_gaps(W: Float[Tensor, "2 feat"]) -> Float[Tensor, " feat"]:
    """Degrees between neighbouring features in the plane, all around; they sum to 360.

    >>> angle_gaps(torch.tensor([[1.0, 0.0, -1.0], [0.0, 1.0, 0.0]]))
    tensor([ 90.,  90., 180.])
    """
    around = torch.rad2deg(torch.atan2(W[1], W[0])).sort().values
    return torch.cat([around.diff(), around[:1] + 360 - around[-1:]])
