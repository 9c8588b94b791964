import ctypes
import sys

import pytest
import torch

from tests._run import FORKS, ended
from toysuper.engine.allocator import MMAP_THRESHOLD, TRIM_THRESHOLD, keep_freed_memory

SIZES = [(6, 1 << 22), (20, 1 << 20), (20, 1 << 18)]
"""Arrays of a step, and numbers in each."""


def faults(arrays: int, numbers: int) -> int:
    """Page faults of twenty steps."""
    import resource  # not on Windows

    for step in range(25):
        if step == 5:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        _ = [torch.ones(numbers) for _ in range(arrays)]
        del _
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def count_faults(keep: bool, arrays: int, numbers: int) -> None:
    """In a process whose memory nobody else has used."""
    torch.set_num_threads(1)
    if keep:
        assert keep_freed_memory()
    else:
        for threshold in (MMAP_THRESHOLD, TRIM_THRESHOLD):
            ctypes.CDLL(None).mallopt(threshold, 128 << 10)  # where glibc begins
    sys.exit(faults(arrays, numbers) > 10_000)


def many(keep: bool) -> list[int]:
    processes = [FORKS.Process(target=count_faults, args=(keep, *size)) for size in SIZES]
    for process in processes:
        process.start()
    return [ended(process) for process in processes]


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_steps_of_large_arrays_do_not_fault_again_and_again() -> None:
    """The control has glibc's first thresholds, which it raises by itself in some runs only."""
    assert many(keep=True) == [0, 0, 0]
    assert many(keep=False) == [1, 1, 1]
