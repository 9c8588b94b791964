"""What of Lightning is exact here, and what is refused because a setting of toysuper does it.

*Exact* means: it does what Lightning's documentation says, counted in optimiser steps. Hooks of
callbacks, modules and data are all exact: one that Lightning calls at every step makes each burst
one step, after a warning, unless its owner has an attribute ``takes_bursts`` that is true.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from lightning.pytorch import Trainer, callbacks
from lightning.pytorch.strategies import DDPStrategy, SingleDeviceStrategy

from toysuper.errors import UserError, did_you_mean
from toysuper.training.hook_contract import EXACT_HOOKS
from toysuper.training.sharding import EnsembleShardStrategy

BATCHES = "a number of batches; a fraction is refused"
BESIDE = "logs beside the run's folder"
EVERY_STEP = "bursts are of one step"
MANUAL = "override training_step, backward or optimizer_step, which Lightning calls at every step"

STRATEGIES = re.compile(r"auto$|ddp|single_device$|ensemble_shard$")
ONLY_STRATEGIES = "use ddp, or ensemble_shard, which shares out the instances"

EXACT_ARGUMENTS = {
    "accelerator": "as Lightning does",
    "benchmark": "as Lightning does",
    "callbacks": "see the table of callbacks",
    "default_root_dir": "the folder of all runs, below the working folder",
    "detect_anomaly": "as Lightning does",
    "deterministic": "as Lightning does",
    "devices": "as Lightning does",
    "enable_autolog_hparams": "the module has no hyperparameters of its own to log",
    "enable_checkpointing": "checkpoints of every validation and of every end",
    "enable_model_summary": "as Lightning does",
    "enable_progress_bar": "a bar of optimiser steps; a bar among the callbacks replaces it",
    "fast_dev_run": "as Lightning does",
    "inference_mode": "as Lightning does",
    "limit_predict_batches": BATCHES,
    "limit_test_batches": BATCHES,
    "limit_train_batches": "optimiser steps of an epoch; a fraction is refused; an epoch that "
    "max_steps cuts has no validation, as Lightning does; data.epoch is the setting for both",
    "limit_val_batches": BATCHES,
    "log_every_n_steps": "bursts end there; 500 on the command line",
    "logger": "loggers log beside the run's folder; false writes nothing",
    "max_epochs": "an epoch has data.epoch steps",
    "max_steps": "optimiser steps",
    "max_time": "looked at between two bursts, each a quarter of a second at most by default",
    "min_epochs": "an epoch has data.epoch steps",
    "min_steps": "optimiser steps",
    "num_nodes": "as Lightning does",
    "num_sanity_val_steps": "batches; none by default on the command line",
    "plugins": "besides checkpoints, which are written whole or not at all",
    "precision": "as Lightning does; gradients are of the loss as it is, without a scale",
    "profiler": "as Lightning does",
    "reload_dataloaders_every_n_epochs": "each loader shows the same batches again",
    "strategy": "single device, ddp and its launchers, ensemble_shard; others are refused",
    "use_distributed_sampler": "there is no sampler; each rank has its part of every batch",
}
"""Arguments of the Trainer that do as documented, and how."""

REFUSED_ARGUMENTS = {
    "accumulate_grad_batches": "set data.batch_size, the samples of an optimiser step",
    "barebones": "set trainer.logger and trainer.enable_progress_bar to false",
    "check_val_every_n_epoch": "set data.epoch, the optimiser steps between validations",
    "gradient_clip_algorithm": "set model.clip, the largest norm of each instance's gradient",
    "gradient_clip_val": "set model.clip, the largest norm of each instance's gradient",
    "model_registry": "give the path of a checkpoint by --ckpt_path",
    "overfit_batches": "leave it out: every step draws fresh samples, of which none comes twice",
    "sync_batchnorm": "leave it out: instances share no statistics of a batch",
    "val_check_interval": "set data.epoch, the optimiser steps between validations",
}
"""Arguments of the Trainer that are refused, and what to do instead."""

DEFAULTS = {"accumulate_grad_batches": 1, "check_val_every_n_epoch": 1, "val_check_interval": 1.0}
"""Values of refused arguments that change nothing, besides None, false and 0."""

EXACT_CALLBACKS = {
    "BasePredictionWriter": "each batch of a prediction is a burst",
    "Callback": EVERY_STEP + ", if it has a hook of a step",
    "Checkpoint": "as Callback",
    "DeviceStatsMonitor": "bursts end around the steps that are logged",
    "EMAWeightAveraging": "bursts end where it updates",
    "EarlyStopping": "as Lightning does",
    "LambdaCallback": "as Callback",
    "LearningRateMonitor": "bursts end around the steps that are logged",
    "ModelCheckpoint": "bursts end every every_n_train_steps",
    "ModelSummary": "as Lightning does",
    "OnExceptionCheckpoint": "as Lightning does",
    "ProgressBar": "replaces the package's bar",
    "RichModelSummary": "as Lightning does",
    "RichProgressBar": EVERY_STEP,
    "SpikeDetection": EVERY_STEP,
    "TQDMProgressBar": EVERY_STEP,
    "ThroughputMonitor": EVERY_STEP,
    "Timer": "looked at between two bursts",
    "WeightAveraging": EVERY_STEP,
}
"""Lightning's callbacks that do as documented, and how."""

REFUSED_CALLBACKS = {
    "BackboneFinetuning": "a toy model has no backbone",
    "BaseFinetuning": "set requires_grad of a parameter in the variant",
    "BatchSizeFinder": "set data.batch_size",
    "GradientAccumulationScheduler": "set data.batch_size, the samples of an optimiser step",
    "LearningRateFinder": "set model.lr, or try several rates with toysuper sweep",
    "ModelPruning": "it prunes all instances together; set weights to 0 in the variant",
    "StochasticWeightAveraging": "use WeightAveraging, whose averages are also validated and saved",
}
"""Lightning's callbacks that are refused, and what to do instead."""

EXACT_LOGGERS = dict.fromkeys(
    (
        *("CSVLogger", "CometLogger", "LitLogger", "Logger", "MLFlowLogger"),
        *("TensorBoardLogger", "WandbLogger"),
    ),
    BESIDE,
)
"""Lightning's loggers, all exact."""


def check_arguments(values: Mapping[str, Any], where: Callable[[str], str] = str) -> None:
    """Refuse values of the Trainer's arguments that another setting is for.

    Args:
        values: by name of the argument.
        where: adds to the name of an option where it is set.

    Raises:
        UserError: there is such a value; the sentence names the other setting.

    >>> check_arguments({"gradient_clip_val": None, "val_check_interval": 1.0})
    >>> check_arguments({"gradient_clip_val": 0.5})
    Traceback (most recent call last):
    toysuper.errors.UserError: trainer.gradient_clip_val is 0.5; set model.clip, the largest ...
    """
    for name, remedy in REFUSED_ARGUMENTS.items():
        if (value := values.get(name)) and value != DEFAULTS.get(name):
            value = getattr(value, "value", value)
            raise UserError(f"{where(f'trainer.{name}')} is {value}; {remedy}")
    for name in ("log_every_n_steps", "min_steps", "min_epochs"):
        if (values.get(name) or 0) < 0:
            option = where(f"trainer.{name}")
            raise UserError(f"{option} is {values[name]}; it must be at least 0")
    strategy = values.get("strategy")
    if isinstance(strategy, str) and not STRATEGIES.match(strategy):
        raise UserError(f"{where('trainer.strategy')} is {strategy}; {ONLY_STRATEGIES}")
    for name in ("train", "val", "test", "predict"):
        limit = values.get(f"limit_{name}_batches")
        if isinstance(limit, float) and limit not in (0.0, 1.0):
            option = where(f"trainer.limit_{name}_batches")
            raise UserError(f"{option} is {limit}; give a whole number of batches")


def check_trainer(trainer: Trainer, module: Any) -> None:
    """Refuse what of a Trainer another setting is for.

    Args:
        trainer: has arguments, a strategy and callbacks.
        module: an :class:`~toysuper.training.module.EnsembleModule`, which logs some numbers.

    Raises:
        UserError: there is something; the sentence names the other setting.
    """
    strategy, connector = trainer.strategy, trainer._accelerator_connector
    values = {name: getattr(trainer, name, None) for name in EXACT_ARGUMENTS | REFUSED_ARGUMENTS}
    synced = getattr(connector, "_layer_sync", None) is not None
    check_arguments({**values, "sync_batchnorm": synced})
    if not module.automatic_optimization:
        raise UserError(f"automatic_optimization = False is refused: {MANUAL}")
    if not isinstance(strategy, SingleDeviceStrategy | DDPStrategy):
        raise UserError(f"trainer.strategy is {type(strategy).__name__}; {ONLY_STRATEGIES}")
    averaging = [c for c in trainer.callbacks if isinstance(c, callbacks.WeightAveraging)]
    if averaging and isinstance(strategy, EnsembleShardStrategy):
        raise UserError(
            f"callback {type(averaging[0]).__name__} averages whole ensembles; use the strategy "
            "ddp, which shares out samples, in place of ensemble_shard"
        )
    for name, remedy in REFUSED_CALLBACKS.items():
        for callback in trainer.callbacks:
            if isinstance(callback, getattr(callbacks, name)):
                raise UserError(f"callback {type(callback).__name__} is refused: {remedy}")
    _check_monitors(trainer, module)


def _check_monitors(trainer: Trainer, module: Any) -> None:
    """Refuse a callback that waits for a number that nobody logs."""
    logged, kinds = module.logged, [type(owner) for owner in (module, *trainer.callbacks)]
    if any(not kind.__module__.startswith(("lightning.", "toysuper.")) for kind in kinds):
        return  # which may log more
    for callback in trainer.callbacks:
        name = getattr(callback, "monitor", None)
        if isinstance(name, str) and name not in logged:
            raise UserError(
                f"callback {type(callback).__name__} monitors '{name}', which nobody logs; there "
                f"are {', '.join(sorted(logged))}.{did_you_mean(name, logged)}"
            )


def _rows(title: str, exact: Mapping[str, str], refused: Mapping[str, str]) -> str:
    rows = [f"| {name} | exact | {how} |" for name, how in exact.items()]
    rows += [f"| {name} | refused | {remedy} |" for name, remedy in refused.items()]
    return "\n".join([f"| {title} | | |", "|---|---|---|", *sorted(rows)])


__doc__ = "\n\n".join(
    (
        __doc__ or "",
        _rows("argument of the Trainer", EXACT_ARGUMENTS, REFUSED_ARGUMENTS),
        _rows("callback of Lightning", EXACT_CALLBACKS, REFUSED_CALLBACKS),
        _rows("logger of Lightning", EXACT_LOGGERS, {}),
        _rows("hook", EXACT_HOOKS, {"automatic_optimization = False": MANUAL}),
    )
)
