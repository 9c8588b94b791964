"""A few of many numbers, evenly or logarithmically spaced."""

import numpy as np


def evenly(count: int, max_items: int) -> list[int]:
    """Return evenly spaced numbers from 0 to count - 1, always with the first and the last.

    Args:
        count: how many numbers there are.
        max_items: most numbers to return; 2 if it is smaller.

    >>> evenly(10, 4), evenly(2, 4), evenly(5, 1)
    ([0, 3, 6, 9], [0, 1], [0, 4])
    """
    items = min(count, max(2, max_items))
    return [k * (count - 1) // max(1, items - 1) for k in range(items)]


def log_spaced(total: int, num: int) -> list[int]:
    """Return different steps that are evenly spaced in the logarithm from 1 to ``total``.

    Args:
        total: the last step.
        num: most steps to return; rounding may make several of them equal.

    >>> log_spaced(100, 5)
    [1, 3, 10, 32, 100]
    """
    return sorted({round(step) for step in np.geomspace(1, total, num).tolist()})
