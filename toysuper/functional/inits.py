"""Standard deviations of the initial weights."""


def xavier(instances: int, hidden: int, feat: int) -> float:
    """Xavier-normal for one matrix, sqrt(2 / (m + n)); independent of the ensemble's size.

    >>> round(xavier(10, 2, 5), 2)
    0.53
    """
    return (2 / (hidden + feat)) ** 0.5


def official(instances: int, hidden: int, feat: int) -> float:
    """What the authors' notebook gets from Xavier on the stacked tensor, sqrt(2 / (m (n + K))).

    It shrinks as instances K are added, so a model's start depends on its neighbours: for
    replication only.

    >>> round(official(10, 2, 5), 2)
    0.26
    """
    return (2 / (hidden * (feat + instances))) ** 0.5
