"""Features of which at most one is ever active."""

from toysuper.features.anticorrelated_sets import AnticorrelatedSets


class OneHot(AnticorrelatedSets):
    r"""At most one of all features active, feature i with probability p_i; then U[0, 1].

    Marginal density p_i, so exactly one is active where the densities sum to 1 (p = 1/n). No two
    are ever active together: the correlation is :math:`-3p / (4 - 3p)`.

    Source: the 1-sparse data for which the loss of toy models has a closed form (Chen et al. 2023,
    "Dynamical versus Bayesian Phase Transitions in a Toy Model of Superposition").

    Raises:
        UserError: the densities sum to more than 1.

    >>> OneHot().sets(4).tolist()
    [0, 0, 0, 0]
    """

    def __init__(self, signed: bool = False) -> None:
        super().__init__(size=None, signed=signed)
