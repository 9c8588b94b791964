"""A few of many, evenly or logarithmically spaced."""

import numpy as np


def evenly(count: int, most: int) -> list[int]:
    """At most ``most`` of the numbers 0 … count - 1, at least the first and the last.

    >>> evenly(10, 4), evenly(2, 4), evenly(5, 1)
    ([0, 3, 6, 9], [0, 1], [0, 4])
    """
    chosen = min(count, max(2, most))
    return [k * (count - 1) // max(1, chosen - 1) for k in range(chosen)]


def log_spaced(total: int, num: int) -> list[int]:
    """At most ``num`` different steps, evenly spaced in the logarithm from 1 to ``total``.

    >>> log_spaced(100, 5)
    [1, 3, 10, 32, 100]
    """
    return sorted({round(step) for step in np.geomspace(1, total, num).tolist()})
