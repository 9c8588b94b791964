import subprocess
import sys

import pytest

from tests._run import ROOT

FAULTS = """
import resource, torch
from toysuper.engine.allocator import keep_freed_memory
torch.set_num_threads(1)
assert keep_freed_memory()
def step():
    a = torch.ones(1 << 22)
    b = a + 1
for _ in range(5):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_steps_of_large_arrays_do_not_fault_again_and_again() -> None:
    """Every step anew would be 160,000 faults, which is what glibc does by itself on most runs."""
    assert int(subprocess.check_output([sys.executable, "-c", FAULTS], cwd=ROOT)) < 20_000
