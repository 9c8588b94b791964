"""The paper's features as an exact expectation instead of samples."""

from collections.abc import Iterable
from math import comb

import torch
from jaxtyping import Float
from torch import Tensor, nn

from toysuper.errors import UserError
from toysuper.features.base import Draw, Features
from toysuper.functional.noise import uniform
from toysuper.functional.quadrature import (
    Columns,
    probability,
    quadrature_columns,
    stratified_columns,
)
from toysuper.functional.sampling import with_sign

MAX_NODES = 200
"""Most nodes; the time to make a rule is cubic in them."""
MAX_COLUMNS = 1 << 15
"""Most columns of a batch, for each of the two ways to make them."""


class ActiveSets(Features, nn.Module):
    r"""The features of SparseUniform, integrated instead of sampled.

    .. math:: E[\,\cdot\,] = \sum_s P(s)\, E[\,\cdot \mid s\,]

    where s is a set of active features. A Gauss-Legendre rule integrates over sets of up to
    ``exact`` features. The ``data.batch_size`` random columns are distributed evenly over larger
    sets. If there are no larger sets, nothing is random and gradients have no noise.

    It needs few features: n = 2 takes :math:`1 + 2 q + q^2` columns for q nodes. Training is
    fastest where the number of columns is a multiple of 16, as for 7, 15 and 31 nodes.

    Args:
        nodes: points q of the rule for each active feature.
        exact: size of the largest sets that are integrated; by default 3 for n <= 3, else 2.
        signed: make active features U[-1, 1].

    Raises:
        UserError: there would be too many columns, or more sets than random columns.

    >>> from toysuper.data.datamodule import SyntheticData
    >>> world = SyntheticData(n=2, density=0.1, features=ActiveSets(nodes=4)).world()
    >>> batch = world(0, purpose=1)
    >>> x = batch.features
    >>> x.shape, round(float((batch.weight[:, None] * x).sum(-1)[0, 0]), 6)  # E x = p / 2
    (torch.Size([1, 2, 25]), 0.05)
    """

    fixed_values: Tensor
    fixed_active: Tensor
    fixed_weight: Tensor
    random_values: Tensor
    random_active: Tensor
    random_weight: Tensor

    def __init__(self, nodes: int = 15, exact: int | None = None, signed: bool = False) -> None:
        super().__init__()
        if not 1 <= nodes <= MAX_NODES or (exact or 0) < 0:
            raise UserError(
                f"features.nodes is {nodes} and exact {exact}; use 1 to {MAX_NODES} and at least 0"
            )
        self.nodes, self.exact = nodes, exact
        self.signed, self.sparse_uniform = signed, not signed

    def prepare(self, n: int, samples: int) -> int:
        """Make the columns of n features, see :meth:`Features.prepare`."""
        exact, larger = self._exact(n), self.min_samples(n)
        points = self.nodes * (2 if self.signed else 1)
        count = _count(comb(n, k) * points**k for k in range(min(n, exact) + 1))
        if count > MAX_COLUMNS or larger > MAX_COLUMNS:
            raise UserError(
                f"ActiveSets with {self.nodes} nodes and sets of up to {exact} of n={n} features "
                f"needs more than {MAX_COLUMNS} columns; lower nodes or exact, or use SparseUniform"
            )
        if samples < larger:
            raise UserError(f"{samples} samples for {larger} sets; raise data.batch_size")
        self._register("fixed", quadrature_columns(n, exact, self.nodes, self.signed))
        self._register("random", stratified_columns(n, exact + 1, samples))
        return count + (samples if larger else 0)

    def min_samples(self, n: int) -> int:
        """Return the number of sets that are not integrated: each needs a sample."""
        return _count(comb(n, k) for k in range(self._exact(n) + 1, n + 1))

    def _exact(self, n: int) -> int:
        return (3 if n <= 3 else 2) if self.exact is None else self.exact

    def _register(self, prefix: str, columns: Columns) -> None:
        for field, value in columns._asdict().items():
            self.register_buffer(f"{prefix}_{field}", value[None], persistent=False)

    def weighted_samples(
        self, draw: Draw, density: Float[Tensor, "inst feat"]
    ) -> tuple[Float[Tensor, "..."], Float[Tensor, "..."]]:
        """Compute features ``(inst, feat, columns)`` and their weights ``(inst, columns)``.

        Args:
            draw: source of random bits, from a number of rows.
            density: probability that a feature is active.
        """
        inst, n = density.shape
        x = self.fixed_values.expand(inst, -1, -1)
        weight = self.fixed_weight * probability(self.fixed_active[0], density)
        if not self.random_values.numel():
            return x, weight
        random_bits = draw(n)
        u = with_sign(random_bits, uniform(random_bits, density.dtype), self.signed)
        random_weight = self.random_weight * probability(self.random_active[0], density)
        x = torch.cat([x, u * self.random_values], -1)
        return x, torch.cat([weight, random_weight], -1)

    def sample(self, draw: Draw, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "..."]:
        """Compute features ``(inst, feat, columns)`` without their weights."""
        return self.weighted_samples(draw, density)[0]


def _count(numbers: Iterable[int]) -> int:
    """Add numbers until they are too many."""
    total = 0
    for number in numbers:
        total += number
        if total > MAX_COLUMNS:
            break
    return total
