r"""The gain of a geometry: how much loss a polytope of features removes per hidden dimension.

.. math:: G = \frac{k\, u(p) - \min_{s, b} L_k(p; s, b)}{d\, u(p)}, \qquad u(p) = p/3 - p^2/4

for k features along the vertices of a polytope in d dimensions, with one common length s and one
common bias b. A feature with a dimension of its own has G = 1. Features are independent and
U[0, 1] when active.

Source: `The Geometry of Superposition
<https://transformer-circuits.pub/2022/toy_model/index.html#geometry>`_, asks why features form
these polytopes; it does not make this comparison.
"""

from functools import cache

import torch
from torch import Tensor

from toysuper.functional.polytopes import antiprism, icosahedron, polygon, simplex
from toysuper.functional.theory import binomial, uniform_variance

SOBOL_POINTS = 4096

NEGLIGIBLE = 1e-5
"""Largest probability of a number of active features that the loss leaves out."""

GEOMETRIES: dict[str, tuple[int, Tensor]] = {
    "single": (1, torch.ones(1, 1, dtype=torch.float64)),
    "digon": (1, torch.tensor([[1.0, -1.0]], dtype=torch.float64)),
    "triangle": (2, simplex(3)),
    "tetrahedron": (3, simplex(4)),
    "pentagon": (2, polygon(5)),
    "square antiprism": (3, antiprism()),
    "icosahedron": (3, icosahedron()),
}
"""Hidden dimensions d and unit vectors, as columns, of each geometry."""


@cache
def _samples(count: int) -> list[Tensor]:
    """Samples with exactly k active features, for each k from 0 to count, by a Sobol sequence."""
    engine = torch.quasirandom.SobolEngine(2 * count, scramble=True, seed=count)
    order, value = engine.draw(SOBOL_POINTS, dtype=torch.float64).T.chunk(2)
    rank = order.argsort(0).argsort(0)
    return [value * (rank < k) for k in range(count + 1)]


def polytope_loss(name: str, density: float, length: Tensor, bias: Tensor) -> Tensor:
    """Compute the expected loss of features along the vertices of a polytope.

    Args:
        name: a key of ``GEOMETRIES``.
        density: probability p that a feature is active.
        length: common length s of all features, a scalar.
        bias: common bias b of all outputs, a scalar.

    >>> zero = torch.tensor(0.0)
    >>> round(float(polytope_loss("single", 0.5, zero, zero)), 3)  # E x^2 = p / 3
    0.167
    """
    _, unit = GEOMETRIES[name]
    count = unit.shape[1]
    gram, total = unit.T @ unit, torch.zeros((), dtype=torch.float64)
    for k, x in enumerate(_samples(count)):
        weight = float(binomial(count, k, torch.tensor(density, dtype=torch.float64)))
        if weight > NEGLIGIBLE:
            error = x - torch.relu(length**2 * (gram @ x) + bias)
            total = total + weight * error.square().sum(0).mean()
    return total


@cache
@torch.inference_mode(False)
@torch.enable_grad()
def gain(name: str, density: float) -> float:
    """Compute the gain G of a geometry at its best common length and bias, by L-BFGS.

    Args:
        name: a key of ``GEOMETRIES``.
        density: probability p that a feature is active.

    >>> round(gain("digon", 1 / 3), 2), round(gain("single", 0.5), 2)
    (1.57, 1.0)
    """
    dimensions, unit = GEOMETRIES[name]
    parameters = torch.tensor([1.0, -0.05], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([parameters], max_iter=40, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = polytope_loss(name, density, *parameters)
        loss.backward()
        return loss

    optimizer.step(closure)
    variance = float(uniform_variance(torch.tensor(density, dtype=torch.float64)))
    return (unit.shape[1] * variance - float(closure().detach())) / (dimensions * variance)


def best_geometry(density: float) -> str:
    """Return the name of the geometry with the largest gain.

    >>> [best_geometry(1 / x) for x in (1.4, 2.2, 12.0)]
    ['triangle', 'digon', 'icosahedron']
    """
    return max(GEOMETRIES, key=lambda name: gain(name, density))
