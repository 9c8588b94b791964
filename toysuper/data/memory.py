"""Refuse what does not fit into memory before anything is allocated."""

from contextlib import suppress
from math import inf
from pathlib import Path

from toysuper.errors import UserError

CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""Where Linux says how much memory a container may use, by cgroups of version 2 and 1."""


def check_memory(numbers: float, what: str, size: int = 8) -> None:
    """Check that an array fits into memory.

    Args:
        numbers: how many numbers it has.
        what: what it is, for the message.
        size: bytes of one number.

    Raises:
        UserError: the array is larger than all of the memory.

    >>> check_memory(1000, "a small grid")
    >>> check_memory(10**15, "a grid of 10^15 cells")
    Traceback (most recent call last):
    toysuper.errors.UserError: a grid of 10^15 cells needs about 7.5e+06 GiB of memory, and ...
    """
    needed, total = numbers * size, total_memory()
    if needed > total:
        raise UserError(
            f"{what} needs about {needed / 2**30:.2g} GiB of memory, and this machine has "
            f"{total / 2**30:.2g} GiB"
        )


def check_bound(name: str, value: int, most: int) -> None:
    """Check a number whose work grows with it, before the work begins.

    Args:
        name: what has the value, for the message.
        value: the number.
        most: its largest value.

    Raises:
        UserError: the number is larger.

    >>> check_bound("data.batch_size", 10**8, 10**6)
    Traceback (most recent call last):
    toysuper.errors.UserError: data.batch_size is 100,000,000; it must be at most 1,000,000
    """
    if value > most:
        raise UserError(f"{name} is {value:,}; it must be at most {most:,}")


def total_memory() -> float:
    """Return the bytes of memory that this machine has, or that its container may use.

    The result is infinite on a system that does not say.
    """
    limits = [inf]
    with suppress(ImportError, AttributeError, NotImplementedError):  # psutil knows no such system
        import psutil

        limits.append(psutil.virtual_memory().total)
    for path in CGROUP_LIMITS:
        with suppress(OSError, ValueError):  # no such file, or it says "max"
            limits.append(int(path.read_text(encoding="ascii")))
    return min(limits)
