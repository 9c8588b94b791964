"""Exact losses of ReLU models by quadrature, and the best model of two features."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from toysuper.functional.losses import expected_loss
from toysuper.functional.quadrature import Columns, probability, quadrature_columns

STARTS = ((1.0, -1.0), (1.0, 0.0), (0.0, 1.0), (0.7, 0.7), (1.0, -0.5), (0.5, -1.0))


def exact_loss(
    W: Float[Tensor, "inst hidden feat"],
    bias: Float[Tensor, "inst feat"],
    density: Float[Tensor, "#inst feat"],
    importance: Float[Tensor, "#inst feat"],
    nodes: int = 30,
) -> Float[Tensor, " inst"]:
    r"""Expected loss of :math:`x' = \mathrm{ReLU}(W^\top W x + b)`, :math:`\sum_s P(s) E[L | s]`.

    The sum is over the sets s of active features, for few features only; each mean over values in
    U[0, 1] is a product of Gauss-Legendre rules, which are off by about 1 / nodes^2 where the ReLU
    has its kink.

    >>> W, mean = torch.tensor([[[1.0, 0.0]]]), torch.tensor([[0.0, 0.25]])
    >>> exact_loss(W, mean, torch.full((1, 2), 0.5), torch.ones(1, 2))  # the variance of the second
    tensor([0.1042])
    """
    columns = quadrature_columns(W.shape[-1], W.shape[-1], nodes)
    return _loss(W, bias, density, importance, columns)


def _loss(W: Tensor, bias: Tensor, density: Tensor, importance: Tensor, columns: Columns) -> Tensor:
    x = columns.values.to(W).expand(len(W), -1, -1)
    weight = probability(columns.active, density) * columns.share.to(W)
    answer = torch.relu(W.mT @ (W @ x) + bias[..., None])
    return expected_loss(answer, x, importance.expand(len(W), -1), weight)


class Optimum(NamedTuple):
    """The least loss over all weights and biases, and where it is."""

    loss: Float[Tensor, " inst"]
    W: Float[Tensor, "inst 1 feat"]
    bias: Float[Tensor, "inst feat"]


@torch.inference_mode(False)
def free_optimum(
    density: Float[Tensor, " inst"], relative: Float[Tensor, " inst"], steps: int = 1000
) -> Optimum:
    r"""The best model of two features in one dimension, of importance 1 and r.

    Adam on :func:`exact_loss` in float64 from each prototype and between them; the least loss of
    all. Differs from the prototypes near the phase boundaries, where :math:`|W_2|` lies between 0
    and 1.

    Source: the paper's section "Superposition as a Phase Change" compares prototypes only.

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
    loss = descend(W, bias, p, importance, quadrature_columns(2, 2, 30), steps).view(inst, starts)
    at = loss.argmin(-1) + starts * torch.arange(inst)
    return Optimum(loss.amin(-1), W.detach()[at], bias.detach()[at])


def descend(
    W: Float[Tensor, "inst hidden feat"],
    bias: Float[Tensor, "inst feat"],
    density: Float[Tensor, "inst feat"],
    importance: Float[Tensor, "inst feat"],
    columns: Columns,
    steps: int,
) -> Float[Tensor, " inst"]:
    """The losses at the local minima near W and bias, which Adam moves there in place."""
    optimizer = torch.optim.Adam([W, bias], lr=0.03)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    with torch.enable_grad():
        for _ in range(steps):
            optimizer.zero_grad()
            _loss(W, bias, density, importance, columns).sum().backward()
            optimizer.step()
            schedule.step()
    return _loss(W, bias, density, importance, columns).detach()
