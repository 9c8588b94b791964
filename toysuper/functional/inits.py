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


def small(instances: int, hidden: int, feat: int) -> float:
    """0.05: near zero, so that learning dynamics begin with every feature unlearned.

    >>> small(10, 3, 6)
    0.05
    """
    return 0.05
