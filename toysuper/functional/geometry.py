r"""Geometry of the feature directions, the columns :math:`W_i` of W.

Every function takes ``W`` of shape ``(inst, hidden, feat)`` and writes :math:`\hat W_i` for
:math:`W_i / \|W_i\|`. A feature of norm below ``MIN_NORM`` counts as dead and has direction zero.
"""

import torch
from jaxtyping import Float
from torch import Tensor

MIN_NORM = 1e-6
"""Smallest norm of a direction; the authors' notebook clamps norms at the same value."""

REPRESENTED = 0.5
"""Norm above which a feature counts as represented."""


def norms(W: Float[Tensor, "inst hidden feat"]) -> Float[Tensor, "inst feat"]:
    r"""Compute the length of each feature direction, :math:`\|W_i\|`.

    >>> norms(torch.tensor([[[3.0, 0.0], [4.0, 1.0]]]))
    tensor([[5., 1.]])
    """
    return torch.linalg.vector_norm(W, dim=1)


def directions(W: Float[Tensor, "inst hidden feat"]) -> Float[Tensor, "inst hidden feat"]:
    r"""Compute the unit vectors :math:`\hat W_i`; a dead feature gets zero.

    >>> directions(torch.tensor([[[3.0, 0.0], [4.0, 0.0]]]))[0]
    tensor([[0.6000, 0.0000],
            [0.8000, 0.0000]])
    """
    length = norms(W)[:, None]
    return torch.where(length > MIN_NORM, W / length.clamp(min=MIN_NORM), 0)


def interference(W: Float[Tensor, "inst hidden feat"]) -> Float[Tensor, "inst feat feat"]:
    r"""Compute how much j disturbs i, :math:`(\hat W_i \cdot W_j)^2`, with a diagonal of zero.

    Source: `Definitions and Motivation
    <https://transformer-circuits.pub/2022/toy_model/index.html#motivation>`_.

    >>> interference(torch.tensor([[[1.0, -2.0]]]))[0]  # from a long vector to a short one
    tensor([[0., 4.],
            [1., 0.]])
    """
    squares = (directions(W).mT @ W).square()
    return squares * (1 - torch.eye(W.shape[-1], dtype=W.dtype, device=W.device))


def superposition(W: Float[Tensor, "inst hidden feat"]) -> Float[Tensor, "inst feat"]:
    r"""Compute the superposition of each feature, :math:`\sum_{j \ne i} (\hat W_i \cdot W_j)^2`.

    It is 0 for a feature with a dimension of its own and 1 for each of an antipodal pair. The
    paper colours its bars by this quantity, the authors' notebook by its square root.

    Source: `Demonstrating Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#demonstrating>`_.

    >>> superposition(torch.tensor([[[1.0, -1.0, 0.0], [0.0, 0.0, 1.0]]]))
    tensor([[1., 1., 0.]])
    """
    return interference(W).sum(-1)


def net_interference(
    W: Float[Tensor, "inst hidden feat"], density: Float[Tensor, "inst feat"]
) -> Float[Tensor, "inst feat"]:
    r"""Compute the interference weighted by density, :math:`\sum_{j\ne i} p_j (\hat W_i W_j)^2`.

    Source: the authors' notebook, https://github.com/anthropics/toy-models-of-superposition

    Args:
        W: feature directions.
        density: probability p that a feature is active.

    >>> net_interference(torch.tensor([[[1.0, -1.0]]]), torch.tensor([[0.5, 0.1]]))
    tensor([[0.1000, 0.5000]])
    """
    return (interference(W) @ density[..., None])[..., 0]


def dimensionality(W: Float[Tensor, "inst hidden feat"]) -> Float[Tensor, "inst feat"]:
    r"""Compute the feature dimensionality :math:`D_i = \|W_i\|^2 / \sum_j (\hat W_i \cdot W_j)^2`.

    It is the fraction of a hidden dimension that belongs to feature i: 1 for a dimension of its
    own, 1/2 in an antipodal pair, 2/5 in a pentagon, 0 for a dead feature. It obeys
    :math:`\sum_i D_i \le \mathrm{rank}\, W`.

    Source: `The Geometry of Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#geometry>`_.

    >>> dimensionality(torch.tensor([[[1.0, -1.0, 0.0], [0.0, 0.0, 1.0]]]))
    tensor([[0.5000, 0.5000, 1.0000]])
    """
    square = norms(W).square()
    total = (square + superposition(W)).clamp(min=MIN_NORM**2)
    return torch.where(square > MIN_NORM**2, square / total, 0)


def dimensions_per_feature(W: Float[Tensor, "inst hidden feat"]) -> Float[Tensor, " inst"]:
    r"""Compute the paper's :math:`D^* = m / \|W\|_F^2`, where m is the number of rows of W.

    Source: `The Geometry of Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#geometry>`_.

    >>> dimensions_per_feature(torch.tensor([[[1.0, -1.0]]]))
    tensor([0.5000])
    """
    return W.shape[1] / W.square().sum((1, 2)).clamp(min=MIN_NORM**2)


def leverage(W: Float[Tensor, "inst hidden feat"]) -> Float[Tensor, "inst feat"]:
    r"""Compute the leverage score :math:`l_i = W_i^\top (W W^\top)^+ W_i`, an upper bound of D_i.

    The two are equal exactly where each :math:`W_i` is an eigenvector of :math:`W W^\top` (tight
    frames). The leverage scores sum to the rank of W.

    >>> leverage(torch.tensor([[[1.0, -1.0, 0.0], [0.0, 0.0, 1.0]]]))
    tensor([[0.5000, 0.5000, 1.0000]])
    """
    _, singular, right = torch.linalg.svd(W, full_matrices=False)
    eps = torch.finfo(W.dtype).eps
    smallest = singular.amax(-1, keepdim=True) * max(W.shape[1:]) * eps
    return (right.square() * (singular > smallest)[..., None]).sum(1)


def angle_gaps(W: Float[Tensor, "2 feat"]) -> Float[Tensor, " feat"]:
    """Compute the angles in degrees between neighbouring features in the plane; they sum to 360.

    >>> angle_gaps(torch.tensor([[1.0, 0.0, -1.0], [0.0, 1.0, 0.0]]))
    tensor([ 90.,  90., 180.])
    """
    angles = torch.rad2deg(torch.atan2(W[1], W[0])).sort().values
    return torch.cat([angles.diff(), angles[:1] + 360 - angles[-1:]])
