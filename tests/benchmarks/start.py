"""One experiment's start: ``python -m tests.benchmarks.start intro`` prints a line of JSON."""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from typing import Any

FIRST = """
import os, sys, time
from toysuper.engine import Stepper
from toysuper.engine.step import Compiled
from toysuper.cli.lightning import main
original, compiled = Stepper.run, Compiled.__call__
def run(self, start, stop, before):
    result = original(self, start, stop, before)
    if start == 0:  # the first burst is one step
        print("FIRST", time.time(), flush=True)
    return result
def call(self, *args):
    begin = time.time()
    result = compiled(self, *args)
    if self.last_call and not hasattr(self, "seen"):
        self.seen = True
        print("COMPILED", time.time() - begin, flush=True)
    return result
Stepper.run, Compiled.__call__ = run, call
main(["fit", "--config", *sys.argv[1:]])
"""


def once(experiment: str, cache: str) -> dict[str, Any]:
    """A whole run with the compiler's cache in ``cache``."""
    environment = {**os.environ, "TORCHINDUCTOR_CACHE_DIR": cache}
    begin = time.time()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", FIRST, experiment]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=True
        )
    lines = [line.split() for line in done.stdout.splitlines()]
    first = next(float(line[1]) for line in lines if line[:1] == ["FIRST"])
    compiles = [float(line[1]) for line in lines if line[:1] == ["COMPILED"]]
    return {
        "first step": round(first - begin, 1),
        "compile": round(sum(compiles), 1),
        "whole": round(time.time() - begin, 1),
    }


def main() -> None:
    """Cold once, warm three times."""
    experiment = sys.argv[1]
    with tempfile.TemporaryDirectory() as cache:
        cold = once(experiment, cache)
        warm = sorted((once(experiment, cache) for _ in range(3)), key=lambda r: r["first step"])
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**10
    print(json.dumps({"experiment": experiment, "cold": cold, "warm": warm[1], "MiB": int(peak)}))


if __name__ == "__main__":
    main()
