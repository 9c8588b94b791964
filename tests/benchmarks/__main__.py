"""How fast toysuper is: ``python -m tests.benchmarks``.

Prints the tables and writes ``speed.json`` and ``speed.png`` into ``--out``. Nothing is asserted:
a timing is a fact about a machine. Each measurement runs in a process of its own.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

import torch

from tests.benchmarks.cases import CASES
from tests.benchmarks.plots import picture

ROOT = Path(__file__).parents[2]
PARTS = ("speed", "start", "instances", "features")


def report(module: str, *args: str, threads: int) -> dict[str, Any] | None:
    """What a worker prints last; None, and its complaint, where it fails."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": str(threads)}
    command = [sys.executable, "-m", f"tests.benchmarks.{module}", *args]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        print(f"{module} {' '.join(args)} failed: {done.stderr.strip().splitlines()[-1]}")
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def row(result: dict[str, Any]) -> str:
    """One line of the table: instance-steps a second, ratios to the notebook, spread of the fit."""
    speed = {name: median(values) for name, values in result["steps_per_second"].items()}
    fit = result["steps_per_second"]["toysuper fit"]
    spread = (max(fit) - min(fit)) / median(fit)
    cells = [f"{result['instances'] * value:12,.0f}" for value in speed.values()]
    ratio = speed["toysuper fit"] / speed["notebook"]
    whole = speed["toysuper fit"] / speed["bare step"]
    tail = f"{ratio:6.1f}x {whole:6.0%} {spread:6.0%} {result['peak_mib']:6.0f}"
    return f"{result['case']:27}{result['threads']:3} {''.join(cells)} {tail}"


def speed(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Steps a second of all contestants."""
    print("instance-steps per second, medians; fit / notebook, fit / bare step, spread of fit, MiB")
    print(f"{'case':27}{'thr':>3}     notebook   plain PL.   bare step  toysuper fit")
    results = []
    for name in options.cases:
        for threads in options.threads:
            args = (name, options.device, str(options.rounds))
            if result := report("worker", *args, threads=threads):
                print(row(result), flush=True)
                results.append(result)
    return results


def start(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Seconds until the first step, with a cold and a warm compiler cache, and peak memory."""
    results = []
    for experiment in ("intro", "demonstrating_superposition"):
        if result := report("start", experiment, threads=options.threads[-1]):
            print(" ".join(f"{key} {value}" for key, value in result.items()), flush=True)
            results.append(result)
    return results


def scaling(options: argparse.Namespace, axis: str) -> list[dict[str, Any]]:
    """Milliseconds a step against the ensemble's or the model's size."""
    results = []
    sizes = [1, 10, 100, 1000, 10_000, 100_000] if axis == "instances" else [5, 20, 100, 400]
    sizes += [] if axis == "instances" else [2000, 10_000]
    for size in sizes:
        args = (axis, str(size), options.device)
        if result := report("scaling", *args, threads=options.threads[-1]):
            print(" ".join(f"{key} {value}" for key, value in result.items()), flush=True)
            results.append(result)
    return results


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", default=PARTS, help=f"of {', '.join(PARTS)}")
    parser.add_argument("--cases", nargs="*", default=list(CASES), choices=list(CASES))
    parser.add_argument("--threads", nargs="*", type=int, default=[1, os.cpu_count() or 1])
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("benchmarks"))
    options = parser.parse_args()
    measure = {
        "speed": speed,
        "start": start,
        "instances": lambda o: scaling(o, "instances"),
        "features": lambda o: scaling(o, "features"),
    }
    device = torch.cuda.get_device_name() if options.device == "cuda" else platform.processor()
    results = {"machine": f"{device or platform.machine()}, {os.cpu_count()} CPUs"}
    options.out.mkdir(parents=True, exist_ok=True)
    for part in options.parts:
        results[part] = measure[part](options)
        (options.out / "speed.json").write_text(json.dumps(results, indent=1))
    picture(results).savefig(options.out / "speed.png", dpi=150)


if __name__ == "__main__":
    main()
