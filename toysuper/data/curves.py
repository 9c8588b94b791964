"""Curves: rules that fill a grid axis or a vector of features."""

from abc import ABC, abstractmethod

import numpy as np

from toysuper.errors import UserError

Number = float | int


class Curve(ABC):
    """A rule that gives ``num`` numbers: along a grid axis, or one per feature."""

    num: int | None = None

    @abstractmethod
    def values(self, num: int) -> list[Number]:
        """The numbers."""

    def axis(self) -> list[Number]:
        """The numbers of a grid axis, whose length the curve must say itself."""
        if not self.num:
            raise UserError(f"a {type(self).__name__} along a grid axis needs 'num' of at least 1")
        return self.values(self.num)


class LinSpace(Curve):
    """Evenly spaced from ``start`` to ``stop``, both included.

    >>> LinSpace(0, 1).values(3)
    [0.0, 0.5, 1.0]
    """

    def __init__(self, start: float, stop: float, num: int | None = None) -> None:
        self.start, self.stop, self.num = start, stop, num

    def values(self, num: int) -> list[Number]:
        """The numbers."""
        return np.linspace(self.start, self.stop, num).tolist()


class LogSpace(Curve):
    """Evenly spaced in the logarithm from ``start`` to ``stop``, both included.

    The authors' importance 100^(-i/(n-1)) is ``LogSpace(1, 0.01)``.

    >>> [round(value, 6) for value in LogSpace(1, 0.01).values(3)]
    [1.0, 0.1, 0.01]
    """

    def __init__(self, start: float, stop: float, num: int | None = None) -> None:
        if start <= 0 or stop <= 0:
            raise UserError(f"LogSpace from {start} to {stop}: both ends must be above 0")
        self.start, self.stop, self.num = start, stop, num

    def values(self, num: int) -> list[Number]:
        """The numbers."""
        return np.geomspace(self.start, self.stop, num).tolist()


class Geometric(Curve):
    """Powers of ``ratio`` from the zeroth on, as in the paper's importance 0.9^i.

    >>> Geometric(0.5).values(3)
    [1.0, 0.5, 0.25]
    """

    def __init__(self, ratio: float, num: int | None = None) -> None:
        self.ratio, self.num = ratio, num

    def values(self, num: int) -> list[Number]:
        """The numbers."""
        return [self.ratio**i for i in range(num)]


class Range(Curve):
    """The integers 0 … num - 1, the usual seed axis.

    >>> Range(3).axis()
    [0, 1, 2]
    """

    def __init__(self, num: int) -> None:
        self.num = num

    def values(self, num: int) -> list[Number]:
        """The numbers."""
        return list(range(num))
