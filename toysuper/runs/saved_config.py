"""The config that a run saves, as ``config.yaml``."""

from pathlib import Path
from typing import Any

from toysuper.errors import UserError
from toysuper.runs.files import refuse_other_names
from toysuper.runs.yaml_file import load_yaml

MAX_VALUES = 10_000
"""Most values of a saved config, which has those of its YAML and all defaults."""


OF_TRAINING = (
    *("model.clip", "model.jit", "model.lr", "model.metrics", "model.optimizer", "model.schedule"),
    *("data.batch_size", "data.burst", "data.epoch", "data.eval_batch"),
    *("data.seed", "model.variant.init_args.init"),
)
"""Options, or their first letters, that may differ in an evaluation."""


def load_run_config(run: Path) -> dict[str, Any]:
    """Load the ``config.yaml`` of a run.

    Raises:
        UserError: the file is no YAML mapping, is too large, or lies elsewhere.
    """
    file = run / "config.yaml"
    refuse_other_names(run, file)
    config = load_yaml(file, MAX_VALUES)
    if not isinstance(config, dict):
        raise UserError(f"{file} is damaged; move its folder elsewhere")
    return config


def flatten(config: Any, name: str) -> dict[str, Any]:
    """Return the values of a nested config by dotted key, without those that are None.

    Args:
        config: a section of a config, or one value.
        name: the section's key, with which all keys begin.

    >>> flatten({"init_args": {"hidden": 2, "clip": None}, "class_path": "a.B"}, "model")
    {'model.init_args.hidden': 2, 'model.class_path': 'a.B'}
    """
    if not isinstance(config, dict):
        return {} if config is None else {name: config}
    return {k: v for key in config for k, v in flatten(config[key], f"{name}.{key}").items()}


def without_nulls(config: str) -> str:
    r"""Drop the lines of a YAML config that set null or an empty list, to make it easier to read.

    >>> print(without_nulls("data:\n  n: 5\nclip: null\ntables: []"))
    data:
      n: 5
    """
    lines = config.splitlines()
    return "\n".join(line for line in lines if not line.endswith((": null", ": []")))


def check_same_experiment(saved: Any, new: Any, run: Path, is_evaluated: bool = False) -> None:
    """Check that model and data are the same as in a run; the trainer may be another.

    Args:
        saved: the config of the run.
        new: the config of the command that goes on with the run, or evaluates it.
        run: the folder of the run, for the message.
        is_evaluated: whether it is evaluated, so that how it was trained does not matter.

    Raises:
        UserError: the configs differ.
    """
    remedy = "name the checkpoint itself to start a new run from it"
    if is_evaluated:
        remedy = f"evaluate it with --config {run}/config.yaml"
    for section in ("model", "data"):
        before, now = (flatten(config[section], section) for config in (saved, new))
        for key in sorted(before.keys() | now.keys()):
            is_free = is_evaluated and key.startswith(OF_TRAINING)
            if before.get(key) != now.get(key) and not is_free:
                raise UserError(
                    f"{run} was trained where {key} is {before.get(key)} and not {now.get(key)}; "
                    f"{remedy}"
                )
