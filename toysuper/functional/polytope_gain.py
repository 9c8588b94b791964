r"""Which geometry pays: the loss that a polytope of features takes away, per hidden dimension.

.. math:: G = \frac{k\, u(p) - \min_{s, b} L_k(p; s, b)}{d\, u(p)}, \qquad u(p) = p/3 - p^2/4

for k features along the vertices of a polytope in d dimensions, with one length s and one bias b.
A feature with a dimension of its own has G = 1. Features are independent and U[0, 1] when active.

Source: the paper's section "The Geometry of Superposition" asks why features form these polytopes;
the comparison is ours.
"""

from functools import cache

import torch
from torch import Tensor

from toysuper.functional.binomial import binomial_probability
from toysuper.functional.polytopes import antiprism, icosahedron, polygon, simplex
from toysuper.functional.theory import uniform_variance

SAMPLES = 4096
"""Points of the Sobol sequence."""


GEOMETRIES: dict[str, tuple[int, Tensor]] = {
    "single": (1, torch.ones(1, 1, dtype=torch.float64)),
    "digon": (1, torch.tensor([[1.0, -1.0]], dtype=torch.float64)),
    "triangle": (2, simplex(3)),
    "tetrahedron": (3, simplex(4)),
    "pentagon": (2, polygon(5)),
    "square antiprism": (3, antiprism()),
    "icosahedron": (3, icosahedron()),
}
"""Hidden dimensions d and unit vectors of each."""


@cache
def _cases(count: int) -> list[Tensor]:
    """Features with exactly k active, for each k from 0 to count, from a Sobol sequence."""
    engine = torch.quasirandom.SobolEngine(2 * count, scramble=True, seed=count)
    order, value = engine.draw(SAMPLES, dtype=torch.float64).T.chunk(2)
    rank = order.argsort(0).argsort(0)
    return [value * (rank < k) for k in range(count + 1)]


def polytope_loss(name: str, density: float, length: Tensor, bias: Tensor) -> Tensor:
    """Expected loss of a polytope's features of one length and bias, over how many are active."""
    _, unit = GEOMETRIES[name]
    count = unit.shape[1]
    gram, total = unit.T @ unit, torch.zeros((), dtype=torch.float64)
    for k, x in enumerate(_cases(count)):
        weight = float(binomial_probability(count, k, torch.tensor(density, dtype=torch.float64)))
        if weight > 1e-5:
            error = x - torch.relu(length**2 * (gram @ x) + bias)
            total = total + weight * error.square().sum(0).mean()
    return total


@cache
@torch.inference_mode(False)
@torch.enable_grad()
def gain(name: str, density: float) -> float:
    """G of a polytope at its best common length and bias, by L-BFGS.

    >>> round(gain("digon", 1 / 3), 2), round(gain("single", 0.5), 2)
    (1.57, 1.0)
    """
    dimensions, unit = GEOMETRIES[name]
    place = torch.tensor([1.0, -0.05], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([place], max_iter=40, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = polytope_loss(name, density, *place)
        loss.backward()
        return loss

    optimizer.step(closure)
    scale = float(uniform_variance(torch.tensor(density, dtype=torch.float64)))
    return (unit.shape[1] * scale - float(closure().detach())) / (dimensions * scale)


def winner(density: float) -> str:
    """The geometry with the largest gain.

    >>> [winner(1 / x) for x in (1.4, 2.2, 12.0)]
    ['triangle', 'digon', 'icosahedron']
    """
    return max(GEOMETRIES, key=lambda name: gain(name, density))
