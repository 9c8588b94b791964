"""Schedules: numbers that change over training progress in [0, 1), such as a learning rate."""

from collections.abc import Callable
from math import cos, isfinite, pi

import torch
from torch import Tensor, nn

from toysuper.data.grid import Grid, per_instance_floats
from toysuper.errors import UserError, did_you_mean
from toysuper.names import resolve


class Schedule:
    """The number ``start``, after a linear rise from 0; subclasses lead from there to ``stop``.

    As a schedule of the learning rate it is a factor of it. For any other number it is the number:
    ``objective: {class_path: L1Penalty, init_args: {l1: {class_path: Linear, init_args: {start:
    0.0, stop: 0.1}}}}``.

    Args:
        start: the number at the start of training, or after the rise.
        stop: the number at the end.
        warmup: the fraction of training over which it rises from 0.

    Raises:
        UserError: the fraction is not in [0, 1), or a number is not finite.

    >>> Schedule(warmup=0.5)(0.25), Schedule()(0.9)
    (0.5, 1.0)
    """

    def __init__(self, start: float = 1.0, stop: float = 0.0, warmup: float = 0.0) -> None:
        if not 0 <= warmup < 1:
            raise UserError(f"schedule.warmup is {warmup}; it is a fraction of training in [0, 1)")
        for name, value in (("start", start), ("stop", stop)):
            if not isfinite(value):
                raise UserError(f"schedule.{name} is {value}; it must be finite")
        self.start, self.stop, self.warmup = start, stop, warmup

    def __call__(self, progress: float) -> float:
        """Compute the number at a progress; beyond 1 it is that of the end."""
        progress = min(progress, 1.0)
        if progress < self.warmup:
            return self.start * progress / self.warmup
        part = self.decay((progress - self.warmup) / (1 - self.warmup))
        return self.stop + (self.start - self.stop) * part

    def decay(self, progress: float) -> float:
        """Compute how much of ``start`` is left after the rise, from 1 at progress 0 to 0 at 1."""
        return 1.0


class Constant(Schedule):
    """The same number, ``start``, at all times."""


class Linear(Schedule):
    """A straight line from ``start`` to ``stop``, 1 - t.

    >>> Linear()(0.75), Linear(start=0.0, stop=2.0)(0.75)
    (0.25, 1.5)
    """

    def decay(self, progress: float) -> float:
        """Compute 1 - t."""
        return 1 - progress


class Cosine(Schedule):
    """Half a cosine from ``start`` to ``stop``, (1 + cos(pi t)) / 2.

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
    if "torch.optim.lr_scheduler" in schedule:
        raise UserError(
            "model.schedule takes no scheduler of torch: it is a function of the progress of "
            "training, constant, linear, cosine or a class such as {class_path: Cosine, init_args: "
            "{warmup: 0.1}}; a scheduler goes into configure_optimizers of a subclass of "
            "toysuper.training.module.EnsembleModule"
        )
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
    plain = type(schedule) in (Schedule, Constant) and schedule
    return isinstance(plain, Schedule) and (plain.start, plain.warmup) == (1, 0)


class ScheduledModule(nn.Module):
    """A module whose numbers may be set for each instance by a grid, and over training."""

    def __init__(self) -> None:
        super().__init__()
        self.schedules: dict[str, Schedule] = {}

    def number(self, grid: Grid, name: str, value: float | Schedule, owner: str) -> Tensor:
        """Make a tensor ``(inst, 1, 1)`` or ``(1, 1, 1)`` of a number, for a buffer of its name.

        Args:
            grid: has values of it, or factors of the schedule, where it has an axis of that name.
            name: the argument, and the name of the buffer.
            value: the number where the grid has no such axis, or its schedule.
            owner: whose argument it is, for messages.

        Raises:
            UserError: a value is not a number, negative or not finite.
        """
        if not isinstance(value, Schedule):
            return per_instance_floats(grid, name, value, owner)
        lowest = min(value(k / 10) for k in range(11))
        if lowest < 0:
            raise UserError(f"{owner}.{name} falls to {lowest:g}; it must be at least 0")
        factor = per_instance_floats(grid, name, 1.0, owner)
        self.schedules[name] = value
        self.register_buffer(f"{name}_factor", factor, persistent=False)
        return factor * value(0.0)

    @torch.no_grad()
    def set_progress(self, progress: float) -> None:
        """Set the scheduled numbers to those of a progress.

        Args:
            progress: the part of training that is over, in [0, 1].
        """
        for name, schedule in self.schedules.items():
            torch.mul(getattr(self, f"{name}_factor"), schedule(progress), out=getattr(self, name))
