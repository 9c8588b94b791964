"""Every YAML of configs/ is a test: it parses, resolves as written, and trains two steps."""

from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from tests._run import ROOT, toysuper

AXES = "density: [1.0, 0.1], 'importance[-1]': [0.2, 1.0], activation: [relu, identity]"
PHASES = (f"--data.grid={{{AXES}}}",)
SMALLER = {  # the slowest; test_paper.py has them whole
    "abs_sparsity_sweep": ("--data.grid={density: [1.0, 0.01]}",),
    "correlated_3x2": ("--data.grid.density=[0.05, 0.45]",),
    "loss_decomposition": ("--data.grid.density=[1.0, 0.1]",),
    "phase_change_2_1": PHASES,
    "phase_change_3_2": PHASES,
    "privileged_basis": ("--config", "privileged_60"),
    "uniform_superposition": ("--data.grid.density=[1.0, 0.2]",),
}
ADAMW = {
    "betas": (0.9, 0.999),
    "eps": 1e-8,
    "amsgrad": False,
    "maximize": False,
    "decoupled_weight_decay": True,
    "fused": True,
}
"""The authors' optimiser."""
WITHOUT_DECAY = {"mcgrath_surface", "nonlinear_compression", "pentagon_to_digons"}
"""Where weights are compared with a minimum of the loss alone; 0.01 everywhere else."""
SLOW = {
    "correlated_3x2",
    "demonstrating_superposition_80",
    "pentagon_to_digons",
    "phase_change_3_2",
    "simplex_4_3",
    "uniform_superposition",
}
"""Larger than another config of their experiment, or seconds of theory; CI runs them, too."""
EXPERIMENTS = [
    pytest.param(path, id=path.stem, marks=[pytest.mark.slow] * (path.stem in SLOW))
    for path in sorted((ROOT / "configs").glob("*.yaml"))
]
PRESETS = sorted((ROOT / "configs" / "presets").glob("*.yaml"))


@pytest.mark.parametrize("path", EXPERIMENTS)
def test_experiment_runs_to_its_figures_and_claims(path: Path, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("toysuper.figures.formats.DOTS_PER_INCH", 50)
    tiny = ("--trainer.max_steps=2", "--data.batch_size=16", "--data.eval_batches=1")
    tiny = (*SMALLER.get(path.stem, ()), *tiny, "--model.jit=false")
    result = toysuper("fit", "--config", path.stem, *tiny, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    config = yaml.safe_load(path.read_text())
    folder = tmp_path / "runs" / path.stem / "0"
    pictures = [*config["figures"]["draw"], *config["figures"].get("animate", [])]
    drawn = {name.split(".")[-1] for name in pictures}
    assert {picture.stem for picture in (folder / "figures").iterdir()} == drawn
    assert (folder / "claims.csv").exists()
    (saved,) = (folder / "checkpoints").glob("*.ckpt")
    decay = 0.0 if path.stem in WITHOUT_DECAY else 0.01
    expected = {**ADAMW, "weight_decay": decay, "lr": asked_rate(config["model"])}
    assert optimiser(saved) == expected


def asked_rate(model: dict[str, Any]) -> float:
    """The learning rate of a config, beside the optimiser or in it."""
    own = model["optimizer"]["init_args"] if "optimizer" in model else {}
    (rate,) = (part["lr"] for part in (model, own) if "lr" in part)
    return rate


def optimiser(path: Path) -> dict[str, Any]:
    """What the optimiser really was, not what the config says."""
    (group,) = torch.load(path, weights_only=True)["optimizer_states"][0]["param_groups"]
    asked = group.get("initial_lr", group["lr"])  # a schedule's; without one, lr stays as asked
    return {k: group[k] for k in (*ADAMW, "weight_decay")} | {"lr": asked}


def test_adam_does_not_inherit_adamws_weight_decay(tmp_path: Path) -> None:
    args = ("--trainer.max_steps=1", "--data.batch_size=8", "--data.eval_batches=1")
    adam = ("--model.optimizer=torch.optim.Adam", "--model.optimizer.lr=0.01")
    (tmp_path / "plain.yaml").write_text(
        "model: {variant: {class_path: LinearModel, init_args: {hidden: 2}}, jit: false}\n"
        "data: {n: 4}\n"
    )
    result = toysuper("fit", "--config", "plain.yaml", *adam, *args, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    (saved,) = tmp_path.rglob("*.ckpt")
    (group,) = torch.load(saved, weights_only=True)["optimizer_states"][0]["param_groups"]
    assert group["weight_decay"] == 0 and group["lr"] == 0.01


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_presets_are_accepted(path: Path, tmp_path: Path) -> None:
    args = ("fit", "--config", "intro", "--config", path.stem, "--print_config")
    result = toysuper(*args, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    printed, preset = yaml.safe_load(result.stdout), yaml.safe_load(path.read_text())
    assert within(preset, printed)


def within(part: object, whole: object) -> bool:
    """Whether one YAML says nothing that the other does not."""
    if isinstance(part, dict) and isinstance(whole, dict):
        for key, value in part.items():
            if key == "class_path":  # printed whole, written short
                if not f".{whole.get(key)}".endswith(f".{value}"):
                    return False
            elif not within(value, whole.get(key)):
                return False
        return True
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) == len(whole) and all(map(within, part, whole))
    return part == whole
