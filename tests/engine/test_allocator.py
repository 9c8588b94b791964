import sys

import pytest
import torch

from tests._run import FORKS, ended
from toysuper.engine.allocator import keep_freed_memory


def count_faults() -> None:
    """In a process whose memory nobody else has used."""
    import resource  # not on Windows

    torch.set_num_threads(1)
    assert keep_freed_memory()
    for step in range(25):
        if step == 5:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        a = torch.ones(1 << 22)
        _b = a + 1  # two at a time
    assert resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before < 20_000


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_steps_of_large_arrays_do_not_fault_again_and_again() -> None:
    """Every step anew would be 160,000 faults, which is what glibc does by itself on most runs."""
    process = FORKS.Process(target=count_faults)
    process.start()
    assert ended(process) == 0
