"""The paper's features as an exact expectation instead of samples."""

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

LIMIT = 1 << 15


class ActiveSets(Features, nn.Module):
    r"""SparseUniform, integrated: the loss is :math:`\sum_s P(s)\, E[\,\cdot \mid s\,]`.

    Sets s of at most ``exact`` active features (all for n <= 3, else two) are integrated by a
    Gauss-Legendre rule with ``nodes`` points for each active feature. Larger sets share
    ``data.batch_size`` fresh random columns evenly. Where none is larger nothing is random:
    gradients have no noise.

    Marginal density p; features are independent. For few features only: n = 2 needs 1 + 2 q + q^2
    columns for q nodes; loops are fastest where that is a multiple of 16, as for 7, 15 and 31.

    Raises:
        UserError: there would be too many columns, or larger sets than random columns.

    >>> from toysuper.data.datamodule import SyntheticData
    >>> world = SyntheticData(n=2, density=0.1, features=ActiveSets(nodes=4)).world()
    >>> batch = world(0, purpose=1)
    >>> x = batch.features
    >>> x.shape, round(float((batch.weight[:, None] * x).sum(-1)[0, 0]), 6)  # E x = p / 2
    (torch.Size([1, 2, 25]), 0.05)
    """

    fixed_values: Tensor
    fixed_active: Tensor
    fixed_share: Tensor
    drawn_values: Tensor
    drawn_active: Tensor
    drawn_share: Tensor

    def __init__(self, nodes: int = 15, exact: int | None = None, signed: bool = False) -> None:
        super().__init__()
        if nodes < 1 or (exact or 0) < 0:
            raise UserError(f"features.nodes is {nodes} and exact {exact}; use >= 1 and >= 0")
        self.nodes, self.exact = nodes, exact
        self.signed, self.sparse_uniform = signed, not signed

    def prepare(self, n: int, samples: int) -> int:
        """Make the columns of n features."""
        exact, larger = self._exact(n), self.least(n)
        points = self.nodes * (2 if self.signed else 1)
        count = sum(comb(n, k) * points**k for k in range(min(n, exact) + 1))
        if count > LIMIT or larger > LIMIT:
            raise UserError(
                f"ActiveSets with {self.nodes} nodes and sets of up to {exact} of n={n} features "
                f"needs more than {LIMIT} columns; lower nodes or exact, or use SparseUniform"
            )
        if samples < larger:
            raise UserError(f"{samples} samples for {larger} sets; raise data.batch_size")
        self._keep("fixed", quadrature_columns(n, exact, self.nodes, self.signed))
        self._keep("drawn", stratified_columns(n, exact + 1, samples))
        return count + (samples if larger else 0)

    def least(self, n: int) -> int:
        """One for each set that is not integrated."""
        return sum(comb(n, k) for k in range(self._exact(n) + 1, n + 1))

    def _exact(self, n: int) -> int:
        return (3 if n <= 3 else 2) if self.exact is None else self.exact

    def _keep(self, name: str, columns: Columns) -> None:
        for part, value in columns._asdict().items():
            self.register_buffer(f"{name}_{part}", value[None], persistent=False)

    def columns(
        self, draw: Draw, density: Float[Tensor, "inst feat"]
    ) -> tuple[Float[Tensor, "..."], Float[Tensor, "..."]]:
        """Features ``(inst, feat, columns)`` and their weights ``(inst, columns)``."""
        inst, n = density.shape
        x = self.fixed_values.expand(inst, -1, -1)
        weight = self.fixed_share * probability(self.fixed_active[0], density)
        if not self.drawn_values.numel():
            return x, weight
        random_bits = draw(n)
        u = uniform(random_bits, density.dtype)
        u = torch.where(random_bits < 0, -u, u) if self.signed else u
        more = self.drawn_share * probability(self.drawn_active[0], density)
        return torch.cat([x, u * self.drawn_values], -1), torch.cat([weight, more], -1)

    def sample(self, draw: Draw, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "..."]:
        """The columns without their weights."""
        return self.columns(draw, density)[0]
