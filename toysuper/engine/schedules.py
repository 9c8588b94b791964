"""Learning-rate schedules: factors of the learning rate over training progress in [0, 1)."""

from math import cos, pi

from toysuper.errors import UserError


class Constant:
    """The full learning rate, after a linear rise over the share ``warmup`` of training.

    >>> Constant(warmup=0.5)(0.25), Constant()(0.9)
    (0.5, 1.0)
    """

    def __init__(self, warmup: float = 0.0) -> None:
        if not 0 <= warmup < 1:
            raise UserError(f"schedule.warmup is {warmup}; it is a share of training in [0, 1)")
        self.warmup = warmup

    def __call__(self, progress: float) -> float:
        """The factor at ``progress``; the end's factor beyond the end."""
        progress = min(progress, 1.0)
        if progress < self.warmup:
            return progress / self.warmup
        return self.decay((progress - self.warmup) / (1 - self.warmup))

    def decay(self, progress: float) -> float:
        """The factor at ``progress`` of what follows the warm-up."""
        return 1.0


class Linear(Constant):
    """Down to zero in a straight line.

    >>> Linear()(0.75)
    0.25
    """

    def decay(self, progress: float) -> float:
        """1 - t."""
        return 1 - progress


class Cosine(Constant):
    """Down to zero along half a cosine, (1 + cos(pi t)) / 2.

    >>> round(Cosine()(0.5), 6)
    0.5
    """

    def decay(self, progress: float) -> float:
        """(1 + cos(pi t)) / 2."""
        return (1 + cos(pi * progress)) / 2
