"""Exact losses of ReLU models by quadrature, and the best model of two features."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from toysuper.functional.losses import expected_loss
from toysuper.functional.quadrature import Columns, probability, quadrature_columns

STARTS = ((1.0, -1.0), (1.0, 0.0), (0.0, 1.0), (0.7, 0.7), (1.0, -0.5), (0.5, -1.0))
"""Weights (W_1, W_2) from which :func:`free_optimum` descends: prototypes, and between them."""

NODES = 30
"""Gauss-Legendre nodes for each active feature."""


def exact_loss(
    W: Float[Tensor, "inst hidden feat"],
    bias: Float[Tensor, "inst feat"],
    density: Float[Tensor, "#inst feat"],
    importance: Float[Tensor, "#inst feat"],
    nodes: int = NODES,
) -> Float[Tensor, " inst"]:
    r"""Compute the expected loss of :math:`x' = \mathrm{ReLU}(W^\top W x + b)` without sampling.

    .. math:: L = \sum_s P(s)\, E[L \mid s]

    The sum runs over all sets s of active features, so it needs few features. Each mean over
    values in U[0, 1] is a product of Gauss-Legendre rules, whose error is about
    :math:`1 / \mathrm{nodes}^2` where the ReLU has its kink.

    Args:
        W: weights.
        bias: bias of the outputs.
        density: probability that a feature is active.
        importance: weight of each feature's squared error.
        nodes: points of the rule for each active feature.

    >>> W, mean = torch.tensor([[[1.0, 0.0]]]), torch.tensor([[0.0, 0.25]])
    >>> exact_loss(W, mean, torch.full((1, 2), 0.5), torch.ones(1, 2))  # the variance of the second
    tensor([0.1042])
    """
    columns = quadrature_columns(W.shape[-1], W.shape[-1], nodes)
    return _loss(W, bias, importance, *_inputs(W, density, columns))


def _inputs(W: Tensor, density: Tensor, columns: Columns) -> tuple[Tensor, Tensor]:
    x = columns.values.to(W).expand(len(W), -1, -1)
    return x, probability(columns.active, density) * columns.weight.to(W)


def _loss(W: Tensor, bias: Tensor, importance: Tensor, x: Tensor, weight: Tensor) -> Tensor:
    prediction = torch.relu(W.mT @ (W @ x) + bias[..., None])
    return expected_loss(prediction, x, importance.expand(len(W), -1), weight)


class Optimum(NamedTuple):
    """The smallest loss over all weights and biases, and the model that has it.

    Attributes:
        loss: expected loss.
        W: weights of that model.
        bias: bias of that model.
    """

    loss: Float[Tensor, " inst"]
    W: Float[Tensor, "inst 1 feat"]
    bias: Float[Tensor, "inst feat"]


@torch.inference_mode(False)
def free_optimum(
    density: Float[Tensor, " inst"], relative: Float[Tensor, " inst"], steps: int = 1000
) -> Optimum:
    r"""Compute the best model of two features in one dimension, with importances 1 and r.

    Adam minimises :func:`exact_loss` in float64 from each of ``STARTS``; the smallest loss counts.
    The optimum differs from the paper's prototypes near the phase boundaries, where
    :math:`|W_2|` lies between 0 and 1.

    Source: `Superposition as a Phase Change
    <https://transformer-circuits.pub/2022/toy_model/index.html#phase-change>`_, compares prototypes
    only.

    Args:
        density: probability p that a feature is active.
        relative: importance r of the second feature.
        steps: steps of Adam.

    >>> best = free_optimum(torch.tensor([1.0]), torch.tensor([0.1]), steps=200)
    >>> round(float(best.loss), 5), round(float(best.W[0, 0, 1].abs()), 2)  # ignored: r / 12
    (0.00833, 0.0)
    """
    inst, starts = len(density), len(STARTS)
    p = density.double().repeat_interleave(starts)[:, None].expand(-1, 2)
    importance = torch.ones(inst * starts, 2, dtype=torch.float64)
    importance[:, 1] = relative.double().repeat_interleave(starts)
    W = torch.tensor(STARTS, dtype=torch.float64).repeat(inst, 1)[:, None].requires_grad_()
    bias = (0.25 * p).clone().requires_grad_()
    columns = quadrature_columns(2, 2, NODES)
    loss = descend(W, bias, p, importance, columns, steps).view(inst, starts)
    best = loss.argmin(-1) + starts * torch.arange(inst)
    return Optimum(loss.amin(-1), W.detach()[best], bias.detach()[best])


def descend(
    W: Float[Tensor, "inst hidden feat"],
    bias: Float[Tensor, "inst feat"],
    density: Float[Tensor, "inst feat"],
    importance: Float[Tensor, "inst feat"],
    columns: Columns,
    steps: int,
) -> Float[Tensor, " inst"]:
    """Move W and bias to a local minimum of the exact loss by Adam, in place.

    Args:
        W: weights, a leaf that requires gradients.
        bias: bias of the outputs, a leaf that requires gradients.
        density: probability that a feature is active.
        importance: weight of each feature's squared error.
        columns: weighted columns over which the loss is summed.
        steps: steps of Adam.

    Returns:
        The loss at the end.
    """
    x, weight = _inputs(W, density, columns)
    optimizer = torch.optim.Adam([W, bias], lr=0.03)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    with torch.enable_grad():
        for _ in range(steps):
            optimizer.zero_grad()
            _loss(W, bias, importance, x, weight).sum().backward()
            optimizer.step()
            schedule.step()
    return _loss(W, bias, importance, x, weight).detach()
