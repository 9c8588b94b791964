"""``fit``, ``validate``, ``test`` and ``predict``: LightningCLI with the package's callbacks."""

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from signal import SIGINT, SIGTERM
from typing import Any

import yaml
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import ProgressBar
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
from toysuper.callbacks.saving import Checkpoints, Stopped, checkpoints_folder
from toysuper.callbacks.waiting import Waiting
from toysuper.cli.arguments import Arguments, pop_allow_flags, resolve_config_args
from toysuper.cli.context import (
    allow_imports,
    checkpoint_errors,
    config_errors,
    explain_library_error,
    hide_adverts,
)
from toysuper.cli.limits import check_limits
from toysuper.cli.location import ROOT, locate
from toysuper.cli.messages import explain_exception
from toysuper.cli.name_checks import check_named
from toysuper.cli.parser import BadArguments, Parser
from toysuper.cli.trainer_faults import blame_setting
from toysuper.cli.yaml_checks import LINKED
from toysuper.data.datamodule import SyntheticData
from toysuper.errors import SIGNALLED, UserError, one_line, printable
from toysuper.runs.checkpoint_checks import check_checkpoint_fits
from toysuper.runs.checkpoints import AtomicCheckpointIO
from toysuper.runs.files import write_atomic
from toysuper.runs.folder import RunFolder, refuse_used
from toysuper.runs.start_checkpoint import find_start
from toysuper.training.lightning_contract import check_arguments, check_trainer
from toysuper.training.module import EnsembleModule, count_steps


class ToyCLI(LightningCLI):
    """LightningCLI of an EnsembleModule on SyntheticData.

    Args:
        arguments: the command line, with the path of every config.
        packages: those that ``--allow`` names.
        module: an EnsembleModule or a subclass of it; the arguments of its constructor are options.
    """

    def __init__(
        self,
        arguments: Arguments,
        packages: Sequence[str] = (),
        module: type[EnsembleModule] = EnsembleModule,
    ) -> None:
        self.arguments, self.packages = arguments, packages
        super().__init__(
            module,
            SyntheticData,
            auto_configure_optimizers=False,
            seed_everything_default=False,  # data.seed is the one seed
            parser_kwargs={"prog": "toysuper", "version": __version__},
            trainer_defaults={
                "max_steps": 10_000,
                "num_sanity_val_steps": 0,
                "log_every_n_steps": 500,
                "enable_model_summary": False,
            },
            parser_class=Parser,
            save_config_callback=SaveConfig,
            save_config_kwargs={"save_to_log_dir": False},  # SaveConfig writes it
        )

    def subcommands(self) -> dict[str, set[str]]:  # type: ignore[override]
        """Return only the verb that is called: each parser takes a tenth of a second to make."""
        verbs = LightningCLI.subcommands()
        called = next((word for word in self.arguments.words if word in verbs), None)
        return {called: verbs[called]} if called else verbs

    def init_parser(self, **kwargs: Any) -> LightningArgumentParser:
        """Make a parser whose errors can name the argument or the line of a config."""
        parser: Any = super().init_parser(**kwargs)
        parser.words = self.arguments.words
        return parser

    def add_arguments_to_parser(self, parser: Any) -> None:
        """Add the callbacks under short names, and link what the model takes from the data."""
        parser.add_lightning_class_args(History, "history")
        parser.add_lightning_class_args(Figures, "figures")
        parser.add_lightning_class_args(Meshes, "meshes")
        parser.add_lightning_class_args(Projector, "projector")
        parser.add_lightning_class_args(HParams, "hparams")
        parser.add_lightning_class_args(Claims, "claims")
        parser.add_lightning_class_args(SnapshotMetrics, "metrics")  # its table ends a run
        parser.add_argument("--about", type=dict | None, help="section, order, minutes and line")
        parser.prefer_whole_numbers()
        try:
            for name in LINKED:
                target = f"model.variant.init_args.{name}"
                parser.link_arguments(f"data.{name}", target, apply_on="instantiate")
        except ValueError as error:
            owner = self.model_class.__name__
            raise UserError(f"{owner}.__init__ must take variant: ToyModel, so written") from error

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        """Parse; a preset's ``about`` does not replace the experiment's."""
        with config_errors(self.arguments.words):
            self.config = parser.parse_args(self.arguments.words)
        config, words = self.config[self.config.subcommand], self.arguments.words
        if seed := config.seed_everything:
            raise UserError(
                f"seed_everything is {seed}, but every random number follows from data.seed; set "
                f"--data.seed {int(seed)}"
            )
        check_named(config, self.packages, words)
        check_limits(config, words)
        if not any(word.startswith("--about") for word in self.arguments.words):
            self.config[self.config.subcommand].about = self.arguments.about

    def _parse_ckpt_path(self) -> None:
        """Load the checkpoint before anything starts; unlike Lightning, leave the config alone."""
        command = self.config.subcommand
        config = self.config[command]
        if config.get("weights_only") is False:
            raise UserError("--weights_only false is refused: a checkpoint is read and never run")
        self.root = Path(config.trainer.get("default_root_dir") or ROOT)
        path, experiment = config.get("ckpt_path"), self.arguments.experiment
        self.start = find_start(command, path, self.root, experiment, self._make_config)
        if path == "last":  # how a run was made
            config["ckpt_path"] = None if command == "fit" else self.start.path

    def _make_config(self) -> dict[str, Any]:
        command = self.config.subcommand
        text = self._parser(command).dump(self.config[command], skip_none=False)
        return yaml.safe_load(text)

    def instantiate_classes(self) -> None:
        """Make model and data, and check that they and the checkpoint fit before any file."""
        with config_errors(self.arguments.words):
            super().instantiate_classes()
            check_trainer(self.trainer, self.model)
            if self.start.checkpoint:
                check_checkpoint_fits(self.start.checkpoint, self.model.state_dict())
            self.model.prepare(self.datamodule)

    def after_instantiate_classes(self) -> None:
        """Claim the run's folder on rank 0, before any launcher starts other processes.

        Raises:
            UserError: another process writes it, or another logger's folder holds files.
        """
        if not self.trainer.is_global_zero:
            return
        folders = [log for log in self.trainer.loggers if isinstance(log, RunFolder)]
        for logger in self.trainer.loggers:
            if logger not in folders and not self.start.run:
                refuse_used(getattr(logger, "log_dir", None))
        for folder in folders:
            folder.claim()

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """Make the trainer with a run folder ``runs/<experiment>/<k>`` and the package's bar."""
        config = self._get(self.config_init, "trainer", default={})
        words = self.arguments.words
        check_arguments(config, lambda option: f"{option}{locate(option, words)}")
        run = self.start.run
        step = self.start.step + 1 if run and self.start.checkpoint else None
        if config.get("logger") is False:  # no run folder, so nothing is written unless asked for
            self.save_config_callback = None
            kwargs["enable_checkpointing"] = config.get("enable_checkpointing") or False
        else:
            prefix = "" if self.subcommand == "fit" else f"{self.subcommand}_"
            folder = RunFolder(self.root, self.arguments.experiment, prefix, run, step)
            others = [log for log in _as_list(config.get("logger")) if log is not True]
            kwargs["logger"] = [folder, *others]
        kwargs["default_root_dir"] = str(self.root)
        callbacks = _make_callbacks({**config, **kwargs})
        kwargs["plugins"] = [*_as_list(config.get("plugins")), AtomicCheckpointIO(self.root)]
        try:
            return super().instantiate_trainer(**kwargs, callbacks=[*callbacks])
        except Exception as error:
            blame_setting(error, {**config, **kwargs, "callbacks": callbacks}, words)
            raise

    def fit(self, **kwargs: Any) -> None:
        """Train; if an earlier run was stopped after its last step, only write its results."""
        steps = count_steps(self.trainer, self.datamodule)
        trained = self.start.run and self.start.step >= steps
        run = self.trainer.validate if trained else self.trainer.fit
        run(**{**kwargs, "ckpt_path": self.start.path})


class SaveConfig(SaveConfigCallback):
    """Writes ``config.yaml`` into the run's folder, the whole file or nothing."""

    def save_config(self, trainer: Trainer, *_: Any) -> None:
        """Write the file; without a run folder there is none."""
        if folder := run_folder(trainer):
            text = self.parser.dump(self.config, skip_none=False)
            write_atomic(folder / self.config_filename, text.encode("utf-8"))


def _make_callbacks(trainer: Mapping[str, Any]) -> list[Any]:
    """Return the callbacks that the trainer's config names, and those of every run."""
    callbacks = [*_as_list(trainer.get("callbacks")), About(), Predictions()]
    has_checkpoints = any(isinstance(callback, Checkpoints) for callback in callbacks)
    if trainer.get("enable_checkpointing") is not False and not has_checkpoints:
        callbacks.append(Checkpoints())
    Waiting.silent = trainer.get("enable_progress_bar") is False
    has_bar = Waiting.silent or any(isinstance(callback, ProgressBar) for callback in callbacks)
    return callbacks if has_bar else [*callbacks, StepProgressBar()]


def _as_list(value: Any) -> list[Any]:
    """Turn what YAML gives, one object or a list, into a list."""
    return value if isinstance(value, list) else [value] if value else []


def main(args: list[str] | None = None, module: type[EnsembleModule] = EnsembleModule) -> None:
    """Run the command line; an error of the user's ends in one sentence and exit code 1 or 2.

    A script of your own that ends in ``main(module=MyModule)`` takes the arguments of ``toysuper``
    and trains by the hooks and ``configure_optimizers`` of its class.

    Args:
        args: the arguments; without, those of the process.
        module: an EnsembleModule or a subclass of it.
    """
    try:
        trainer = run(sys.argv[1:] if args is None else args, module).trainer
        folder = run_folder(trainer)
        others = [str(d) for log in trainer.loggers[1:] if (d := getattr(log, "log_dir", None))]
        if trainer.is_global_zero and (written := folder or checkpoints_folder(trainer)):
            print(printable(f"wrote {' and '.join([str(written), *others])}"))
        if folder and trainer.is_global_zero:
            logs = shlex.quote(str(folder.parent))
            print(printable(f"look at it: tensorboard --logdir {logs}"))
            print("then open http://localhost:6006/#custom_scalars")
    except BrokenPipeError:  # whoever read the output has ended
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(SIGNALLED + SIGINT)
    except (Stopped, SIGTERMException) as stop:  # the callback has said how to go on
        sys.exit(SIGNALLED + getattr(stop, "signum", SIGTERM))
    except BadArguments as error:
        print(one_line(f"toysuper: {error.sentence}"), file=sys.stderr)
        raise
    except Exception as error:
        sentence = explain_exception(error) or explain_library_error(error)
        if sentence is None:
            raise
        sys.exit(one_line(f"toysuper: {sentence}"))


def run(args: list[str], module: type[EnsembleModule] = EnsembleModule) -> ToyCLI:
    """Run what the arguments say, and let errors pass."""
    hide_adverts()
    words, packages = pop_allow_flags(args)
    arguments = resolve_config_args(words)
    with allow_imports(packages, arguments.folders), checkpoint_errors():
        return ToyCLI(arguments, packages, module)
