"""How long and how large the main job is: ``python tests/benchmarks/bench_main_job.py``.

Runs the command line in a process of its own and prints wall seconds and peak memory. Nothing is
asserted: a timing is a fact about a machine.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]


def once(experiment: str, folder: Path) -> dict[str, float]:
    """One run's wall seconds, and the largest peak of any run so far in MiB."""
    command = [sys.executable, "-m", "toysuper", "fit", "--config", experiment]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return {"seconds": seconds, "peak_mib": peak / (2**20 if sys.platform == "darwin" else 2**10)}


def main() -> None:
    """Run each experiment several times and print a line of JSON for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("experiments", nargs="*", default=["demonstrating_superposition"])
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    for experiment in options.experiments:
        with tempfile.TemporaryDirectory() as folder:
            runs = [once(experiment, Path(folder)) for _ in range(options.repeats)]
        seconds = sorted(run["seconds"] for run in runs)
        report = {
            "experiment": experiment,
            "median_s": round(statistics.median(seconds), 1),
            "spread_s": [round(seconds[0], 1), round(seconds[-1], 1)],
            "peak_mib": round(max(run["peak_mib"] for run in runs)),
            "cpus": os.cpu_count(),
        }
        print(json.dumps(report))


if __name__ == "__main__":
    main()
