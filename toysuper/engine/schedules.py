"""Learning-rate schedules: factors of the learning rate over training progress in [0, 1)."""

from collections.abc import Callable
from math import cos, pi

from toysuper.errors import UserError, did_you_mean
from toysuper.names import resolve


class Schedule:
    """The full learning rate, after a linear rise at the start of training; subclasses decay it.

    Args:
        warmup: the fraction of training over which the rate rises from 0.

    Raises:
        UserError: the fraction is not in [0, 1).

    >>> Schedule(warmup=0.5)(0.25), Schedule()(0.9)
    (0.5, 1.0)
    """

    def __init__(self, warmup: float = 0.0) -> None:
        if not 0 <= warmup < 1:
            raise UserError(f"schedule.warmup is {warmup}; it is a fraction of training in [0, 1)")
        self.warmup = warmup

    def __call__(self, progress: float) -> float:
        """Compute the factor at a progress; beyond 1 it is the factor of the end."""
        progress = min(progress, 1.0)
        if progress < self.warmup:
            return progress / self.warmup
        return self.decay((progress - self.warmup) / (1 - self.warmup))

    def decay(self, progress: float) -> float:
        """Compute the factor after the warm-up, whose progress runs from 0 to 1."""
        return 1.0


class Constant(Schedule):
    """The full learning rate."""


class Linear(Schedule):
    """A straight line down to zero, 1 - t.

    >>> Linear()(0.75)
    0.25
    """

    def decay(self, progress: float) -> float:
        """Compute 1 - t."""
        return 1 - progress


class Cosine(Schedule):
    """Half a cosine down to zero, (1 + cos(pi t)) / 2.

    >>> round(Cosine()(0.5), 6)
    0.5
    """

    def decay(self, progress: float) -> float:
        """Compute (1 + cos(pi t)) / 2."""
        return (1 + cos(pi * progress)) / 2


BY_NAME = {"constant": Constant, "linear": Linear, "cosine": Cosine}


def schedule_of(schedule: Callable[[float], float] | str) -> Callable[[float], float]:
    """Look up a schedule by name or dotted path; a function is returned as it is.

    Args:
        schedule: the name, or the function.

    Raises:
        UserError: there is no schedule of that name.

    >>> schedule_of("linear")(0.5)
    0.5
    """
    if not isinstance(schedule, str):
        return schedule
    if "." in schedule and all(part.isidentifier() for part in schedule.split(".")):
        return _checked(resolve(schedule, "model.schedule"), schedule)
    if schedule not in BY_NAME:
        example = "{class_path: Cosine, init_args: {warmup: 0.1}}"
        raise UserError(
            f"model.schedule is '{schedule}'; it is one of {', '.join(BY_NAME)}, or a class such "
            f"as {example}.{did_you_mean(schedule, BY_NAME)}"
        )
    return BY_NAME[schedule]()


def _checked(schedule: Callable[[float], float], name: str) -> Callable[[float], float]:
    try:
        float(schedule(0.5))
    except Exception as error:
        raise UserError(f"model.schedule '{name}' makes no number of 0.5: {error}") from error
    return schedule


def is_constant(schedule: Callable[[float], float]) -> bool:
    """Whether a schedule is 1 at all times, so that it needs no end of training."""
    is_plain = type(schedule) in (Schedule, Constant)
    return is_plain and getattr(schedule, "warmup", 0) == 0
