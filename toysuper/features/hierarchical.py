"""Features that are active only where their parents are."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from toysuper.errors import UserError
from toysuper.features.gated import Gated


class Hierarchical(Gated):
    r"""Features in a tree: feature 0 is the root, feature i has the children b i + 1 to b i + b.

    A child is active only where its parent is, then with probability
    :math:`p_\mathrm{child} / p_\mathrm{parent}`, independently of its siblings. Two features are
    both active with probability :math:`P_{ij} = p_i p_j / p_a`, where a is their last common
    ancestor, so they correlate by :math:`(P_{ij} - p_i p_j) / 4 \sigma_i \sigma_j`. Values are
    independent.

    Args:
        branches: children b of each feature.
        signed: make active features U[-1, 1].

    Raises:
        UserError: a child has a higher density than its parent, or branches is below 1.

    >>> p = torch.tensor([[0.5, 0.2, 0.1]])
    >>> Hierarchical().joint_density(p)[0, 1]  # with its parent, itself, its sibling
    tensor([0.2000, 0.2000, 0.0400])
    """

    def __init__(self, branches: int = 2, signed: bool = False) -> None:
        super().__init__(signed)
        if branches < 1:
            raise UserError(f"features.branches is {branches}; a parent has at least 1 child")
        self.branches = branches

    def check_density(self, density: Float[Tensor, "inst feat"]) -> None:
        """Raise a UserError if a child has a higher density than its parent."""
        for i in range(1, density.shape[1]):
            child, parent = density[:, i], density[:, self._parent(i)]
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
        """Compute which features are active, each from its parent and a number of its own.

        Args:
            u: uniform numbers, one for each feature.
            density: probability that a feature is active.
        """
        rows = [u[:, 0] < density[:, :1]]
        for i in range(1, density.shape[1]):  # row by row: torch.compile fails at gathering rows
            parent = self._parent(i)
            threshold = (density[:, i] / density[:, parent])[:, None]
            rows.append((u[:, i] < threshold) & rows[parent])
        return torch.stack(rows, 1)

    def joint_density(self, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "inst feat feat"]:
        """Compute the probability that two features i != j are both active."""
        paths = [self._path(i) for i in range(density.shape[1])]
        ancestor = torch.tensor([[max(a & b) for b in paths] for a in paths])
        return density[:, :, None] * density[:, None] / density[:, ancestor]

    def _parent(self, i: int) -> int:
        return (i - 1) // self.branches

    def _path(self, i: int) -> set[int]:
        """A feature and its ancestors."""
        return {i} | (self._path(self._parent(i)) if i else set())
