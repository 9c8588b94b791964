"""What would not fit is refused before anything is allocated."""

import os

from toysuper.errors import UserError


def refuse_beyond_memory(numbers: float, what: str, size: int = 8) -> None:
    """Refuse to make more numbers than fit.

    Raises:
        UserError: ``numbers`` times ``size`` bytes are more than this machine's memory.

    >>> refuse_beyond_memory(1000, "a small grid")
    >>> refuse_beyond_memory(10**15, "a grid of 10^15 cells")
    Traceback (most recent call last):
    toysuper.errors.UserError: a grid of 10^15 cells needs about 7.5e+06 GiB of memory, and ...
    """
    needed, there = numbers * size, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > there:
        raise UserError(
            f"{what} needs about {needed / 2**30:.2g} GiB of memory, and this machine has "
            f"{there / 2**30:.2g} GiB"
        )
