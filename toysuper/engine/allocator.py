"""Keep freed memory for the next step, which needs arrays of the same sizes."""

import ctypes
import sys

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # malloc.h


def keep_freed_memory() -> bool:
    """Ask glibc not to return freed arrays to the system, and return whether it agreed.

    Otherwise each step of a model with arrays of megabytes takes thousands of page faults, which
    cost as much as its arithmetic. Other systems' allocators keep such memory by themselves.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(MMAP_THRESHOLD, 32 << 20)) and bool(mallopt(TRIM_THRESHOLD, 1 << 30))
