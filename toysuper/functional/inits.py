"""Standard deviations of the initial weights."""


def xavier(instances: int, hidden: int, feat: int) -> float:
    r"""Compute the deviation of Xavier's normal initialisation, :math:`\sqrt{2 / (m + n)}`.

    Source: Glorot & Bengio 2010, https://proceedings.mlr.press/v9/glorot10a.html

    Args:
        instances: number of models in the ensemble, which has no influence.
        hidden: hidden dimensions m.
        feat: features n.

    >>> round(xavier(10, 2, 5), 2)
    0.53
    """
    return (2 / (hidden + feat)) ** 0.5


def official(instances: int, hidden: int, feat: int) -> float:
    r"""Compute the deviation in the authors' notebook, :math:`\sqrt{2 / (m (n + K))}`.

    The notebook applies Xavier's formula to the stacked tensor of K models. Therefore the initial
    weights of a model shrink as other models are added: use it for replication only.

    Source: https://github.com/anthropics/toy-models-of-superposition

    Args:
        instances: number K of models in the ensemble.
        hidden: hidden dimensions m.
        feat: features n.

    >>> round(official(10, 2, 5), 2)
    0.26
    """
    return (2 / (hidden * (feat + instances))) ** 0.5
