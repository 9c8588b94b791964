"""One point of cost against size, as JSON: ``python -m tests.benchmarks.scaling instances 10``."""

import json
import resource
import sys
from statistics import median

import torch

from tests.benchmarks.cases import Case
from tests.benchmarks.loops import bare, notebook
from tests.benchmarks.worker import seconds_of

LARGEST = 1 << 28
"""Numbers in x beyond which the notebook's loop would need too much memory."""


def case_of(axis: str, size: int) -> Case:
    """Many models of two features, or one large model."""
    if axis == "instances":
        return Case(size, 2, 1, 1024)
    return Case(1, size, max(2, size // 100), 4096 if size == 10_000 else 1024)


def main() -> None:
    """Print milliseconds a step and the peak memory of the bare step."""
    axis, size, device = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    case = case_of(axis, size)
    report = {axis: size, "batch": case.batch, "threads": torch.get_num_threads()}
    for name, make in (("bare step", bare), ("notebook", notebook)):
        if name == "notebook" and case.instances * case.n * case.batch >= LARGEST // 2:
            continue
        run = make(case, device)
        run(3)
        steps = max(3, min(1000, int(0.5 / seconds_of(run, 1, device))))
        times = [seconds_of(run, steps, device) / steps * 1e3 for _ in range(3)]
        report[f"{name} ms"] = round(median(times), 4)
        if name == "bare step":
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            report["MiB"] = round(peak / 2**10)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
