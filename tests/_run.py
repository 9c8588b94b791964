"""Short trainings for tests."""

import contextlib
import io
import multiprocessing
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from lightning.pytorch import Trainer

from toysuper.cli.lightning import main
from toysuper.data import SyntheticData
from toysuper.models import ReLUOutputModel, ToyModel
from toysuper.snapshot import Snapshot
from toysuper.training.module import EnsembleModule

ROOT = Path(__file__).parents[1]
FORKS: Any = multiprocessing.get_context("forkserver")  # a process that no test has touched
FORKS.set_forkserver_preload(["tests._run"])


def trainer(steps: int = 20, **options: Any) -> Trainer:
    quiet: dict[str, Any] = {
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "num_sanity_val_steps": 0,
        "accelerator": "cpu",
    }
    return Trainer(max_steps=steps, **{**quiet, **options})


def data(**options: Any) -> SyntheticData:
    small: dict[str, Any] = {
        "n": 4,
        "batch_size": 16,
        "epoch": 10,
        "burst": 4,
        "eval_batches": 2,
        "eval_batch_size": 32,
    }
    return SyntheticData(**{**small, **options})


MODULE = ("objective", "lr", "optimizer", "schedule", "clip", "jit", "metrics")
"""Options of the module; all others are the variant's."""


def module(
    world: SyntheticData, model: type[ToyModel] = ReLUOutputModel, **options: Any
) -> EnsembleModule:
    """An untrained module around a variant."""
    own = {name: options.pop(name) for name in MODULE if name in options}
    variant = model(world.n, world.grid, **{"hidden": 2, "seed": world.seed, **options})
    return EnsembleModule(variant, **{"jit": False, **own})


def fitted_module(
    world: SyntheticData, steps: int = 20, model: type[ToyModel] = ReLUOutputModel, **options: Any
) -> EnsembleModule:
    toy = module(world, model, **options)
    trainer(steps).fit(toy, world)
    return toy


def fitted(
    world: SyntheticData, steps: int = 20, model: type[ToyModel] = ReLUOutputModel, **options: Any
) -> ToyModel:
    """A trained variant."""
    return fitted_module(world, steps, model, **options).variant


def check(variant: ToyModel, world: SyntheticData, **options: Any) -> None:
    """The checks before a training."""
    EnsembleModule(variant, **options).prepare(world)


def snapshot_of(world: SyntheticData, steps: int = 20, **options: Any) -> Snapshot:
    """What callbacks see at the end of a training."""
    return fitted_module(world, steps, **options).snapshot()


class Result(NamedTuple):
    returncode: int | str | None
    stdout: str
    stderr: str


def toysuper(*args: str, cwd: Path) -> Result:
    """The command line within this process."""
    out, err = io.StringIO(), io.StringIO()
    before, code = sys.argv, 0
    with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(list(args))
        except SystemExit as stop:
            code = stop.code or 0
    sys.argv = before
    if isinstance(code, str):  # sys.exit(sentence) prints it and exits with 1
        err.write(code)
        code = 1
    return Result(code, out.getvalue(), err.getvalue())


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def process(*args: str, cwd: Path) -> Result:
    """The command line as a person calls it."""
    command = [sys.executable, "-m", "toysuper", *args]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=environment())
    return Result(done.returncode, done.stdout, done.stderr)


def forked(*args: str, cwd: Path) -> Any:
    """The command line in a process of its own that needs no imports; it says in ``said.txt``."""
    process = FORKS.Process(target=_say, args=(args, cwd))
    process.start()
    return process


def free_port() -> int:
    """Below those that the system gives to whoever asks for any."""
    while True:
        with socket.socket() as free, contextlib.suppress(OSError):
            free.bind(("127.0.0.1", port := random.randrange(20_000, 30_000)))
            return port


def torchrun(rank: int, nodes: int, per_node: int) -> dict[str, Any]:
    """What torchrun tells a process."""
    return {
        "RANK": rank,
        "LOCAL_RANK": rank % per_node,
        "GROUP_RANK": rank // per_node,
        "WORLD_SIZE": nodes * per_node,
        "LOCAL_WORLD_SIZE": per_node,
        "TORCHELASTIC_RUN_ID": "test",
    }


def srun(rank: int, nodes: int, per_node: int) -> dict[str, Any]:
    """What SLURM tells a task."""
    return {
        "SLURM_PROCID": rank,
        "SLURM_LOCALID": rank % per_node,
        "SLURM_NODEID": rank // per_node,
        "SLURM_NTASKS": nodes * per_node,
        "SLURM_NTASKS_PER_NODE": per_node,
        "SLURM_JOB_ID": 7,
        "SLURM_JOB_NAME": "test",
        "SLURM_NODELIST": "localhost",
    }


def together(
    *args: str,
    cwd: Path,
    nodes: int = 1,
    per_node: int = 1,
    by: Callable[..., Any] = torchrun,
    kill_after: float | None = None,
) -> list[int]:
    """The command line on every rank, as torchrun or SLURM calls it; the exit codes."""
    there = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port()}
    args = (*args, "--trainer.accelerator=cpu", f"--trainer.devices={per_node}")
    args = (*args, f"--trainer.num_nodes={nodes}")
    processes = []
    for rank in range(nodes * per_node):
        given = {**there, **by(rank, nodes, per_node)}
        texts = {name: str(value) for name, value in given.items()}
        processes.append(FORKS.Process(target=_say, args=(args, cwd, texts)))
        processes[-1].start()
    if kill_after is not None:
        time.sleep(kill_after)
        for process in processes:
            process.kill()
    return [ended(process) for process in processes]


def _say(args: tuple[str, ...], cwd: Path, given: Mapping[str, str] | None = None) -> None:
    os.environ |= given or {}
    torch.set_num_threads(1)
    result = toysuper(*args, cwd=cwd)
    name = f"said{os.environ.get('RANK', os.environ.get('SLURM_PROCID', ''))}.txt"
    (cwd / name).write_text(f"{result.stdout}{result.stderr}")
    sys.exit(result.returncode)


def ended(process: Any, seconds: float = 60) -> int:
    """The exit code of a forked process; negative for the signal that ended it."""
    process.join(seconds)
    if process.is_alive():
        process.kill()
        raise TimeoutError((process, seconds))
    return process.exitcode
