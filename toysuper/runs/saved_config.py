"""The config that a run saves, as ``config.yaml``."""

from pathlib import Path
from typing import Any

from toysuper.errors import UserError
from toysuper.runs.files import refuse_other_names
from toysuper.runs.yaml_file import load_yaml

MAX_VALUES = 10_000
"""Most values of a saved config, which has those of its YAML and all defaults."""


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


def check_same_experiment(saved: Any, new: Any, run: Path) -> None:
    """Check that a run can go on: model and data are the same; the trainer may be another.

    Args:
        saved: the config of the run.
        new: the config of the command that goes on with the run.
        run: the folder of the run, for the message.

    Raises:
        UserError: the configs differ.
    """
    for section in ("model", "data"):
        before, now = (flatten(config[section], section) for config in (saved, new))
        for key in before.keys() | now.keys():
            if before.get(key) != now.get(key):
                raise UserError(
                    f"--ckpt_path last would go on with {run}, where {key} is {before.get(key)} "
                    f"and not {now.get(key)}; name the checkpoint itself to start a new run from it"
                )
