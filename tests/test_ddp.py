from pathlib import Path

import torch

from tests._run import process
from toysuper.checkpoints import saved

QUICK = ("fit", "--config", "intro", "--config", "debug", "--trainer.precision=64-true")
SMALL = ("--trainer.max_steps=6", "--data.epoch=4", "--data.burst=2", "--model.jit=false")


def test_two_ranks_equal_one_process(tmp_path: Path) -> None:
    """The batch is split, gradients are averaged, and rank 0 alone writes."""
    states, losses = [], []
    for k, devices in enumerate(("1", "2")):
        cpu = ("--config", "ddp", "--trainer.accelerator=cpu", f"--trainer.devices={devices}")
        result = process(*QUICK, *SMALL, *cpu, cwd=tmp_path)
        assert result.returncode == 0, result.stderr
        assert "Warning" not in result.stderr and "recommended" not in result.stderr
        assert result.stdout.count("INTRO p=0.1") == 1
        folder = tmp_path / "runs" / "intro" / f"version_{k}"
        path = saved(folder / "checkpoints")[0]
        states.append(torch.load(path, weights_only=True)["state_dict"])
        losses.append((folder / "instances.csv").read_text())
    torch.testing.assert_close(states[0], states[1], rtol=1e-12, atol=1e-14)
    assert losses[0] == losses[1]
