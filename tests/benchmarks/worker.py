"""One case in one process: ``toysuper fit`` and its opponents in alternation.

Called by ``python -m tests.benchmarks``; the number of threads comes from OMP_NUM_THREADS.
"""

import contextlib
import io
import json
import os
import resource
import sys
import tempfile
import time
import warnings
from typing import Any

import torch
import yaml
from lightning.pytorch import Callback

from tests.benchmarks.cases import CASES, Case
from tests.benchmarks.loops import OPPONENTS, Run
from toysuper.cli import lightning as cli

SECONDS = 1.5
"""Of each contestant in each round."""


def seconds_of(run: Run, steps: int, device: str) -> float:
    """Wall seconds until the device is done."""
    synchronize = torch.cuda.synchronize if device == "cuda" else (lambda: None)
    synchronize()
    start = time.perf_counter()
    run(steps)
    synchronize()
    return time.perf_counter() - start


class Alternate(Callback):
    """Rides along in the fit: each time it has run for a while, the opponents run as long.

    So all contestants see the same machine, and the fit is the real one, with its logging,
    bar, validations and checkpoints.
    """

    takes_bursts = True

    def __init__(self, case: Case, device: str, rounds: int) -> None:
        self.device, self.rounds = device, rounds
        self.runs = {name: make(case, device) for name, make in OPPONENTS.items()}
        self.speed: dict[str, list[float]] = {name: [] for name in (*self.runs, "toysuper fit")}
        self.start, self.step, self.warm = 0.0, 0, False

    def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
        """At the end of a burst."""
        if trainer.current_epoch == 0:
            return  # the first validation compiles its own graph
        if not self.warm:
            self.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
            self.steps = {name: self.enough(run) for name, run in self.runs.items()}
            self.warm = True
        elif self.now() - self.start < SECONDS:
            return
        else:
            speed = (trainer.global_step - self.step) / (self.now() - self.start)
            self.speed["toysuper fit"].append(speed)
            for name, run in self.runs.items():
                steps = self.steps[name]
                self.speed[name].append(steps / seconds_of(run, steps, self.device))
        if len(self.speed["toysuper fit"]) == self.rounds:
            trainer.should_stop = True
        self.start, self.step = self.now(), trainer.global_step

    def now(self) -> float:
        if self.device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()

    def enough(self, run: Run) -> int:
        """Steps for about the wanted time, from a first short run."""
        run(3)
        few = 10
        return max(3, int(SECONDS / max(seconds_of(run, few, self.device) / few, 1e-6)))


def measure(name: str, device: str, rounds: int) -> dict[str, Any]:
    """Steps per second of every contestant, a number a round."""
    case = CASES[name]
    watch = Alternate(case, device, rounds)
    original = cli.ToyCLI.instantiate_trainer

    def with_watch(self: Any, **kwargs: Any) -> Any:
        trainer = original(self, **kwargs)
        trainer.callbacks.append(watch)
        return trainer

    cli.ToyCLI.instantiate_trainer = with_watch
    with open("case.yaml", "w") as file:
        trainer = {"accelerator": device, "devices": 1, "max_steps": 10_000_000}
        yaml.safe_dump({**case.config(), "trainer": trainer}, file)
    cli.main(["fit", "--config", "case.yaml"])
    return {
        "case": name,
        "instances": case.instances,
        "shape": list(case[1:4]),
        "threads": torch.get_num_threads(),
        "device": device,
        "peak_mib": watch.peak,
        "steps_per_second": watch.speed,
    }


def main() -> None:
    """Print one line of JSON."""
    warnings.simplefilter("ignore")
    name, device, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        with contextlib.redirect_stdout(io.StringIO()):
            report = measure(name, device, rounds)
        os.chdir("/")
    print(json.dumps(report))


if __name__ == "__main__":
    main()
