"""The command line: LightningCLI with the package's callbacks, configs and manners."""

import logging
import os
import shlex
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from jsonargparse import set_parsing_settings
from lightning.pytorch import Trainer
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI, SaveConfigCallback
from lightning.pytorch.utilities.exceptions import SIGTERMException

from toysuper import __version__
from toysuper.callbacks.about import About
from toysuper.callbacks.base import run_folder
from toysuper.callbacks.figures import Figures
from toysuper.callbacks.history import History
from toysuper.callbacks.hparams import HParams
from toysuper.callbacks.meshes import Meshes
from toysuper.callbacks.metrics import SnapshotMetrics
from toysuper.callbacks.progress import StepProgressBar
from toysuper.callbacks.projector import Projector
from toysuper.callbacks.record import Claims, Predictions
from toysuper.callbacks.saving import Checkpoints, Stopped
from toysuper.callbacks.waiting import Waiting
from toysuper.cli import configs
from toysuper.cli.parser import Parser, fault
from toysuper.data.datamodule import SyntheticData
from toysuper.errors import UserError
from toysuper.names import importing_only
from toysuper.runs.checkpoints import WholeCheckpoints, readable, refuse_foreign, saved
from toysuper.runs.files import refuse_links, write_whole
from toysuper.runs.folder import RunFolder, refuse_another, versions
from toysuper.training.checks import check_model
from toysuper.training.module import EnsembleModule, count_steps


class ToyCLI(LightningCLI):
    """``fit``, ``validate``, ``test`` and ``predict`` of an EnsembleModule on SyntheticData."""

    def __init__(self, experiment: str, argv: Sequence[str]) -> None:
        self.experiment, self.argv = experiment, argv
        super().__init__(
            EnsembleModule,
            SyntheticData,
            auto_configure_optimizers=False,
            seed_everything_default=False,  # data.seed is the one seed
            parser_kwargs={"prog": "toysuper", "version": __version__},
            trainer_defaults={
                "max_steps": 10_000,
                "num_sanity_val_steps": 0,
                "log_every_n_steps": 1,
                "enable_model_summary": False,
            },
            parser_class=Parser,
            save_config_callback=SaveConfig,
            save_config_kwargs={"save_to_log_dir": False},  # it would not write it whole
        )

    @staticmethod
    def subcommands() -> dict[str, set[str]]:
        """The one that is asked for: a parser takes a tenth of a second to make."""
        verbs = LightningCLI.subcommands()
        asked = next((arg for arg in sys.argv[1:] if arg in verbs), None)
        return {asked: verbs[asked]} if asked else verbs

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """The callbacks under short names, and what the model takes from the data."""
        parser.add_lightning_class_args(History, "history")
        parser.add_lightning_class_args(SnapshotMetrics, "metrics")
        parser.add_lightning_class_args(Figures, "figures")
        parser.add_lightning_class_args(Meshes, "meshes")
        parser.add_lightning_class_args(Projector, "projector")
        parser.add_lightning_class_args(HParams, "hparams")
        parser.add_lightning_class_args(Claims, "claims")
        for name in configs.LINKED:
            target = f"model.variant.init_args.{name}"
            parser.link_arguments(f"data.{name}", target, apply_on="instantiate")

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        """Parse; what starts other ranks then finds the arguments as they were given."""
        with _building():
            super().parse_arguments(parser, args)
        sys.argv[1:] = self.argv

    def _parse_ckpt_path(self) -> None:
        """Look at the checkpoint before anything starts; the config, not it, has the last word."""
        command = self.config.subcommand
        config = self.config[command]
        if not config.get("ckpt_path") and command != "fit":
            raise UserError(f"{command} needs --ckpt_path, the checkpoint of a run")
        self.root = Path(config.trainer.get("default_root_dir") or "runs")
        self.resumed: Path | None = None
        self.path = config.get("ckpt_path")
        if self.path == "last":
            self.path = self._last(command)
            config["ckpt_path"] = None if command == "fit" else self.path  # how a run was made
        self.checkpoint = readable(Path(self.path)) if self.path else None

    def _last(self, command: str) -> str | None:
        """The newest checkpoint of the newest run; None where a run was stopped before any."""
        folder = self.root / self.experiment
        run = next(iter(versions(folder)), None)
        refuse_links(self.root, folder, *([run, run / "checkpoints"] if run else []))
        path = next(iter(saved(run / "checkpoints")), None) if run else None
        if command != "fit" and not path:
            raise UserError(f"--ckpt_path last finds no checkpoint in {run or folder}")
        if command == "fit" and run:
            self._refuse_another(run)
            self.resumed = run
        return str(path) if path else None

    def _refuse_another(self, run: Path) -> None:
        """See that the run to go on with is the one that the config describes."""
        file = run / "config.yaml"
        if file.is_file():  # else it was stopped before its first step
            ours = yaml.safe_load(self._parser("fit").dump(self.config["fit"], skip_none=False))
            refuse_another(yaml.safe_load(file.read_text()), ours, run)

    def instantiate_classes(self) -> None:
        """Make model and data, and see that they and the checkpoint fit before any file."""
        with _building():
            super().instantiate_classes()
            if self.checkpoint:
                refuse_foreign(self.checkpoint, self.model.state_dict())
            self.model.objective.prepare(self.datamodule)
            check_model(self.model, self.datamodule)

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """The trainer, with a run folder ``runs/<experiment>/<k>`` and our bar."""
        given = self._get(self.config_init, "trainer", default={})
        step = self.checkpoint["global_step"] + 1 if self.checkpoint and self.resumed else None
        if given.get("logger") in (None, True):
            prefix = "" if self.subcommand == "fit" else f"{self.subcommand}_"
            kwargs["logger"] = RunFolder(self.root, self.experiment, prefix, self.resumed, step)
        elif given.get("logger") is False:  # then nothing is written, or it would lie about here
            self.save_config_callback = None
            kwargs["enable_checkpointing"] = given.get("enable_checkpointing") or False
        kwargs["callbacks"] = _callbacks({**given, **kwargs})
        kwargs["plugins"] = [*_several(given.get("plugins")), WholeCheckpoints()]
        return super().instantiate_trainer(**kwargs)

    def fit(self, **kwargs: Any) -> None:
        """Train; a run that was stopped after its last step only has its results to write."""
        steps = count_steps(self.trainer, self.datamodule)
        ended = self.resumed and self.checkpoint and self.checkpoint["global_step"] >= steps
        (self.trainer.validate if ended else self.trainer.fit)(**{**kwargs, "ckpt_path": self.path})


class SaveConfig(SaveConfigCallback):
    """``config.yaml``, whole or not at all."""

    def save_config(self, trainer: Trainer, *_: Any) -> None:
        """Write."""
        if folder := run_folder(trainer):
            text = self.parser.dump(self.config, skip_none=False)
            write_whole(folder / self.config_filename, text.encode())


def _callbacks(given: dict[str, Any]) -> list[Any]:
    """Those of the trainer's config, and ours."""
    callbacks = [*_several(given.get("callbacks")), About(), Predictions()]
    own = any(isinstance(callback, Checkpoints) for callback in callbacks)
    if given.get("enable_checkpointing") is not False and not own:
        callbacks.append(Checkpoints())
    Waiting.silent = given.get("enable_progress_bar") is False
    return callbacks if Waiting.silent else [*callbacks, StepProgressBar()]


def _several(given: Any) -> list[Any]:
    """YAML may give one or a list."""
    return given if isinstance(given, list) else [given] if given else []


def main(args: list[str] | None = None) -> None:
    """Run the command line; the user's mistakes end in one sentence and exit code 1 or 2."""
    try:
        trainer = run(sys.argv[1:] if args is None else args).trainer
        folder = run_folder(trainer)
        if folder and trainer.is_global_zero:
            print(f"wrote {folder}")
            print(f"look at it: tensorboard --logdir {shlex.quote(str(folder.parent))}")
            print("then open http://localhost:6006/#custom_scalars")
    except (Stopped, SIGTERMException) as stop:
        print(f"toysuper: {stop or 'stopped'}", file=sys.stderr)
        sys.exit(TERMINATED)
    except Exception as error:
        sentence = fault(error)
        if sentence is None:
            raise
        sys.exit(f"toysuper: {sentence}")


def run(args: list[str]) -> ToyCLI:
    """Do what the arguments say, errors and all."""
    quiet()
    rest, packages = configs.allowed(args)
    sys.argv[1:], experiment = configs.expand(rest)
    with _importing(packages):
        return ToyCLI(experiment, args)


@contextmanager
def _building() -> Iterator[None]:
    """Whatever goes wrong while the config's objects are made comes from the config."""
    try:
        yield
    except Exception as error:
        if fault(error) is not None or os.environ.get("TOYSUPER_TRACEBACK"):
            raise
        reason = f"{type(error).__name__}: {error}".strip().splitlines()[0][:300]
        raise UserError(
            f"nothing can be built of this config ({reason}); TOYSUPER_TRACEBACK=1 shows where"
        ) from error


@contextmanager
def _importing(packages: Sequence[str]) -> Iterator[None]:
    """Let configs import these packages, from here too, beside the usual ones."""
    everything = [*configs.PACKAGES, *packages]
    set_parsing_settings(import_path_denylist=["*"], import_path_allowlist=everything)
    here = [os.getcwd()] if packages else []  # own modules lie beside their configs
    sys.path.extend(here)
    try:
        with importing_only(everything):
            yield
    finally:
        for path in here:
            sys.path.remove(path)


TERMINATED = 143
"""The exit code of a process that SIGTERM ended."""

ADVERTS = (
    "litlogger",
    "litmodels",
    "LeafSpec",
    "TPU available",
    "GPU available",
    "` stopped: `",
    "Loaded model",
)


def quiet() -> None:
    """Drop Lightning's adverts and what it warns of in every run, nothing else."""
    warnings.filterwarnings("ignore", message=r".*isinstance\(treespec, LeafSpec\)")
    for name in ("lightning.pytorch.utilities.rank_zero", "lightning.pytorch"):
        logging.getLogger(name).addFilter(
            lambda record: not any(advert in record.getMessage() for advert in ADVERTS)
        )
