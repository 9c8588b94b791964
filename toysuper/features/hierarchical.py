"""Features that are active only with their parents."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from toysuper.errors import UserError
from toysuper.features.gated import Gated


class Hierarchical(Gated):
    r"""A tree: feature 0 is the root, the children of i are b i + 1 … b i + b for b ``branches``.

    A child is active only where its parent is, then with probability p_child / p_parent, on its
    own. Marginal density p_i. Two features are both active with probability
    :math:`p_i p_j / p_a` for their last common ancestor a, so correlate by
    :math:`(P_{ij} - p_i p_j) / 4 \sigma_i \sigma_j`; values are independent.

    Raises:
        UserError: a child is denser than its parent, or branches is below 1.

    >>> p = torch.tensor([[0.5, 0.2, 0.1]])
    >>> Hierarchical().together(p)[0, 1]  # with its parent, itself, its sibling
    tensor([0.2000, 0.2000, 0.0400])
    """

    def __init__(self, branches: int = 2, signed: bool = False) -> None:
        super().__init__(signed)
        if branches < 1:
            raise UserError(f"features.branches is {branches}; a parent has at least 1 child")
        self.branches = branches

    def check(self, density: Float[Tensor, "inst feat"]) -> None:
        """No child without its parent."""
        for i in range(1, density.shape[1]):
            child, parent = density[:, i], density[:, (i - 1) // self.branches]
            inst = int((child - parent).argmax())
            if child[inst] > parent[inst] * (1 + 1e-6):
                raise UserError(
                    f"data.density of feature {i} is {float(child[inst]):.4g}, of its parent "
                    f"{float(parent[inst]):.4g}; a child is active only with its parent, so lower "
                    "it, as with the curve Geometric"
                )

    def active(
        self, u: Float[Tensor, "inst rows batch"], density: Float[Tensor, "inst feat"]
    ) -> Bool[Tensor, "inst feat batch"]:
        """Those that are active together with all their ancestors."""
        rows: list[Tensor] = []
        for i, (own, p) in enumerate(zip(u.unbind(1), density.unbind(1), strict=True)):
            if i:  # row by row, because torch.compile fails at gathering rows
                parent = (i - 1) // self.branches
                rows.append((own < (p / density[:, parent])[:, None]) & rows[parent])
            else:
                rows.append(own < p[:, None])
        return torch.stack(rows, 1)

    def together(self, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "inst feat feat"]:
        """Probability that both of two features are active."""
        lines = [self._line(i) for i in range(density.shape[1])]
        last = torch.tensor([[max(a & b) for b in lines] for a in lines])
        return density[:, :, None] * density[:, None] / density[:, last]

    def _line(self, i: int) -> set[int]:
        """A feature and its ancestors."""
        return {i} | (self._line((i - 1) // self.branches) if i else set())
