"""Short trainings for tests."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from lightning.pytorch import Trainer

from toysuper.data import SyntheticData
from toysuper.models import ReLUOutputModel, ToyModel

ROOT = Path(__file__).parents[1]


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


def fitted(
    world: SyntheticData, steps: int = 20, model: type[ToyModel] = ReLUOutputModel, **options: Any
) -> ToyModel:
    options = {"hidden": 2, "jit": False, **options}
    toy = model(world.n, world.grid, seed=world.seed, **options)
    trainer(steps).fit(toy, world)
    return toy


def toysuper(*args: str, cwd: Path, check: bool = False) -> subprocess.CompletedProcess[str]:
    """The command line as a person calls it."""
    command = [sys.executable, "-m", "toysuper", *args]
    environment = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, cwd=cwd, check=check, capture_output=True, text=True, env=_env(environment)
    )


def _env(extra: dict[str, str]) -> dict[str, str]:
    import os

    return {**os.environ, **extra}
