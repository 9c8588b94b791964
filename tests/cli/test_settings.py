"""Settings that users of Lightning would try: each is obeyed, or refused by a sentence."""

import csv
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from lightning.pytorch import Callback

from tests._run import Result, environment, toysuper
from toysuper import EnsembleModule, ToyModel
from toysuper.cli import lightning
from toysuper.cli.main import main

YAML = """
model: {variant: {class_path: ReLUOutputModel, init_args: {hidden: 2}}, jit: false}
data:
  {n: 5, density: 0.2, grid: {seed: [0, 1]}, batch_size: 16, epoch: 10, eval_batches: 2,
   eval_batch_size: 16}
trainer: {max_steps: 20, enable_progress_bar: false, accelerator: cpu}
"""
CPU, UNIT = torch.device("cpu"), torch.ones(1)
FIT = ("fit", "--config", "small.yaml")
CSV = "{class_path: CSVLogger, init_args: {save_dir: runs, name: x, version: y}}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "small.yaml").write_text(YAML)
    return tmp_path


def fine(result: Result) -> Result:
    assert result.returncode == 0, result.stderr
    return result


SENTENCES = {
    ("--seed_everything", "7"): "follows from data.seed; set --data.seed 7",
    ("--trainer.overfit_batches=1",): "trainer.overfit_batches (command line) is 1; leave it out",
    ("--trainer.barebones=true",): "trainer.barebones (command line) is True; set trainer.logger",
    ("--trainer.val_check_interval=0.5",): "set data.epoch, the optimiser steps between",
    ("--trainer.gradient_clip_val=1.0",): "set model.clip",
    ("--model.optimizer.lr=1e-2",): "is an argument of no class; set model.lr, or name the class",
    ("--model.optimizer=Adafactor",): "couples the instances",
    ("--model.schedule=torch.optim.lr_scheduler.StepLR",): "takes no scheduler of torch",
    ("--data.density=[[0.1, 0.2], [0.3, 0.4]]",): "axes of the grid: grid: {'density[0]': [0.1",
    ("--trainer.callbacks=EarlyStopping", "--trainer.callbacks.monitor=val_loss"): "'val/loss'?",
    (
        "--trainer.callbacks=ModelCheckpoint",
        "--trainer.callbacks.train_time_interval={seconds: 1}",
    ): "toysuper: trainer.callbacks.train_time_interval (command line): Not of type timedelta: "
    'Expected a string with form "h:m:s" or "d days, h:m:s" but got "{\'seconds\': 1}"\n',
    ("--trainer.callbacks=BatchSizeFinder",): "is refused: set data.batch_size",
    ("--model.metrics=[torchmetrics.CosineSimilarity]",): "derive a metric of each instance",
    ("--trainer.limit_val_batches=0.5",): "batches (command line) is 0.5; give a whole number",
    ("--trainer.log_every_n_steps=-5",): "log_every_n_steps (command line) is -5; it must be at",
    ("--trainer.min_steps=-1",): "trainer.min_steps (command line) is -1; it must be at least 0",
    ("--trainer.strategy=fsdp",): "trainer.strategy (command line) is fsdp; use ddp, or ensemble_",
    ("--trainer.devices=-3",): "trainer.devices (command line) is '-3': `devices` selected with",
    ("--trainer.num_nodes=0",): "trainer.num_nodes (command line) is 0: `num_nodes` must be a pos",
    ("--trainer.max_time=5",): "trainer.max_time (command line) is '5': `Timer(duration='5')` is",
    ("--trainer.profiler=nope",): "trainer.profiler (command line) is 'nope': When passing string",
    ("--weights_only=false",): "a checkpoint is read and never run",
    ("--optimizer=AdamW",): "there is no option 'optimizer' (command line). Did you mean 'model.",
    ("--max_steps=3",): "Did you mean 'trainer.max_steps'?",
    ("--model=my_models.Own",): "model (command line) is an EnsembleModule; one of your own",
    ("--model.class_path=my_models.Own",): "ends in toysuper.cli.lightning.main(module=MyModule)",
    ("--data.init_args.n=3",): "data is SyntheticData; a distribution of your own goes into",
    ("--trainer=mine.yaml",): "is Lightning's Trainer; set its arguments",
}


@pytest.mark.parametrize("words", SENTENCES, ids=" ".join)
def test_one_sentence(words: tuple[str, ...], folder: Path) -> None:
    refused = toysuper(*FIT, *words, cwd=folder)
    assert refused.returncode and SENTENCES[words] in refused.stderr
    assert not (folder / "runs").exists()


def test_loggers_log_beside_the_run(folder: Path) -> None:
    done = fine(
        toysuper(*FIT, "--trainer.logger+", CSV, "--trainer.log_every_n_steps=5", cwd=folder)
    )
    assert "wrote runs/small/0 and runs/x/y" in done.stdout
    assert (folder / "runs/small/0/instances.csv").is_file()
    with (folder / "runs/x/y/metrics.csv").open() as table:
        steps = [int(row["step"]) for row in csv.DictReader(table) if row["train/loss"]]
    assert steps == [5, 10, 15, 20]
    again = toysuper(*FIT, "--trainer.logger", CSV, cwd=folder)
    assert again.returncode == 1 and "holds what an earlier run logged" in again.stderr
    assert [run.name for run in (folder / "runs/small").iterdir()] == ["0"]


def test_checkpoints_without_a_logger(folder: Path) -> None:
    words = ("--trainer.logger=false", "--trainer.enable_checkpointing=true")
    assert "wrote runs/checkpoints" in fine(toysuper(*FIT, *words, cwd=folder)).stdout
    again = toysuper(*FIT, *words, cwd=folder)
    assert again.returncode == 1 and "holds the checkpoints of another run" in again.stderr


SLOW = [pytest.param(verb, marks=pytest.mark.slow) for verb in ("test", "predict")]


@pytest.mark.parametrize("verb", ["validate", *SLOW])
def test_an_evaluation_has_the_runs_config(verb: str, folder: Path) -> None:
    fine(toysuper(*FIT, "--data.grid={density: [1.0, 0.05]}", cwd=folder))
    path = str(next((folder / "runs").rglob("*step=20.ckpt")))
    for checkpoint in ("last", path):
        words = (verb, *FIT[1:], f"--ckpt_path={checkpoint}")
        refused = toysuper(*words, "--data.grid={density: [0.5, 0.05]}", cwd=folder)
        assert refused.returncode == 1
        assert "where data.grid.density is [1.0, 0.05] and not [0.5, 0.05]" in refused.stderr
        free = ("--data.eval_batches=1", "--model.lr=0.1", "--data.seed=3")
        fine(toysuper(*words, "--data.grid={density: [1.0, 0.05]}", *free, cwd=folder))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Be aware that when using `ckpt_path`:UserWarning")
def test_last_passes_over_weights_without_a_state(folder: Path) -> None:
    saving = "{class_path: ModelCheckpoint, init_args: {save_weights_only: true, save_top_k: -1, "
    saving += "every_n_train_steps: 10, filename: 'w-{step}'}}"
    words = (*FIT, f"--trainer.callbacks={saving}", "--data.epoch=20")
    fine(toysuper(*words, "--trainer.max_steps=30", cwd=folder))
    (folder / "runs/small/0/checkpoints/epoch=1-step=30.ckpt").unlink()
    fine(
        toysuper(*FIT, "--data.epoch=20", "--ckpt_path=last", "--trainer.max_steps=40", cwd=folder)
    )
    only = str(folder / "runs/small/0/checkpoints/w-step=30.ckpt")
    refused = toysuper(*FIT, f"--ckpt_path={only}", cwd=folder)
    assert refused.returncode == 1 and "holds weights only" in refused.stderr


def test_a_sweep_obeys_the_root(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setattr("toysuper.cli.sweep.sweep.Sweep.train", lambda *_: 0.5)
    monkeypatch.setattr("toysuper.cli.sweep.sweep.Sweep.report", lambda *_: True)
    axis = "--axis=data.batch_size=[16, 32]"
    main(["sweep", *FIT[1:], axis, "--trainer.default_root_dir=elsewhere"])
    assert (folder / "elsewhere/small_sweep/optuna.log").is_file()
    assert not (folder / "runs").exists()


class OwnRates(EnsembleModule):
    def __init__(self, variant: ToyModel, bias_rate: float = 0.1, **kwargs: Any) -> None:
        super().__init__(variant, **kwargs)
        self.bias_rate = bias_rate

    def configure_optimizers(self) -> Any:
        groups = [
            {"params": [self.variant.W], "lr": 0.5},
            {"params": [self.variant.b], "lr": self.bias_rate},
        ]
        return torch.optim.SGD(groups)


class Untyped(EnsembleModule):
    def __init__(self, variant, **kwargs: Any) -> None:
        super().__init__(variant, **kwargs)


def test_a_module_of_ones_own_from_the_command_line(folder: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(folder)
    rate = "--model.bias_rate=0.25"
    lightning.main([*FIT, rate], OwnRates)
    lightning.main([*FIT, rate, "--trainer.max_steps=30", "--ckpt_path=last"], OwnRates)
    assert "wrote runs/small/0" in capsys.readouterr().out
    (saved,) = Path("runs").rglob("*step=30.ckpt")
    groups = torch.load(saved, weights_only=True)["optimizer_states"][0]["param_groups"]
    assert [group["lr"] for group in groups] == [0.5, 0.25]
    with pytest.raises(SystemExit, match=r"Untyped.__init__ must take variant: ToyModel"):
        lightning.main([*FIT], Untyped)


class Holding(Callback):
    """Holds what no text can name."""

    takes_bursts = True

    def __init__(self, unit: torch.Tensor = UNIT, device: torch.device = CPU) -> None:
        self.unit, self.device = unit, device


@pytest.mark.filterwarnings(r"ignore:\s*Unable to serialize")
def test_a_default_that_no_text_can_name_stays_a_default(folder: Path) -> None:
    """Control: the device, which a text can name, is written."""
    holding = ("--trainer.callbacks=tests.cli.test_settings.Holding", "--allow=tests.cli")
    fine(toysuper(*FIT, *holding, cwd=folder))
    config = folder / "runs" / "small" / "0" / "config.yaml"
    (written,) = (yaml.safe_load(config.read_text())["trainer"]["callbacks"],)
    assert written["init_args"] == {"device": "cpu"}
    fine(toysuper("fit", "--config", str(config), "--allow=tests.cli", cwd=folder))


@pytest.mark.parametrize("first", ["Union[float, int]", "Union[int, float]"])
def test_a_whole_number_of_batches_stays_one(first: str, folder: Path) -> None:
    """Whichever union somebody wrote first: typing takes the two for one."""
    script = (
        f"from typing import Optional, Union; Optional[{first}]; import sys; "
        "from toysuper.cli.main import main; main(sys.argv[1:])"
    )
    words = (*FIT, "--trainer.limit_val_batches=1", "--print_config")
    command = [sys.executable, "-c", script, *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment())
    assert yaml.safe_load(done.stdout)["trainer"]["limit_val_batches"] == 1, done.stderr
    assert "limit_val_batches: 1\n" in done.stdout
