"""Features of which at most one is active."""

from toysuper.features.anticorrelated_sets import AnticorrelatedSets


class OneHot(AnticorrelatedSets):
    r"""Features of which at most one is active: feature i with probability p_i, then U[0, 1].

    Exactly one is active where the densities sum to 1, as for p = 1/n. Two features of equal
    density correlate by :math:`-3p / (4 - 3p)`.

    Source: Chen et al. 2023, "Dynamical versus Bayesian Phase Transitions in a Toy Model of
    Superposition", https://arxiv.org/abs/2310.06301, where the loss has a closed form.

    Args:
        signed: make active features U[-1, 1].

    Raises:
        UserError: the densities sum to more than 1.

    >>> OneHot().set_index(4).tolist()
    [0, 0, 0, 0]
    """

    def __init__(self, signed: bool = False) -> None:
        super().__init__(size=None, signed=signed)
