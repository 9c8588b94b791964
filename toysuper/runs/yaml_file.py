"""Read YAML that anyone may have written."""

from pathlib import Path
from typing import Any, NoReturn

import yaml

from toysuper.errors import UserError
from toysuper.runs.files import read_regular

MAX_BYTES = 1 << 20
"""Largest YAML file that is read."""
MAX_DEPTH = 50
"""Most lists and mappings inside each other: the time to parse them is quadratic in it."""

MAX_LETTERS = 1000
"""Most letters of one value; a number of more digits takes Python long."""


def load_yaml(path: Path, max_values: int) -> Any:
    """Load a YAML file without aliases and of bounded size.

    Args:
        path: the file.
        max_values: most values that it may hold.

    Raises:
        UserError: the file is no regular file, no YAML or too large, or repeats a value by an
            alias.
    """
    try:
        text = read_regular(path, MAX_BYTES).decode("utf-8")
        _check_events(path, text, max_values)
        return yaml.safe_load(text)
    except UserError:
        raise
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(_not_yaml(path, error)) from error


def _check_events(path: Path, text: str, max_values: int) -> None:
    """Count values and depth and look for aliases, without building anything."""
    values = depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        values += isinstance(event, yaml.NodeEvent)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            line = event.start_mark.line + 1
            raise UserError(f"{path}, line {line} nests more than {MAX_DEPTH} lists or mappings")
        if isinstance(event, yaml.ScalarEvent) and len(event.value) > MAX_LETTERS:
            line = event.start_mark.line + 1
            raise UserError(f"{path}, line {line} has a value of more than {MAX_LETTERS} letters")
        if isinstance(event, yaml.AliasEvent):
            _refuse_alias(path, event, f"*{event.anchor}")
        if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]:
            _refuse_alias(path, event, "<<")
        if values > max_values:
            raise UserError(
                f"{path} holds more than {max_values} values; a Curve such as "
                "toysuper.data.curves.LinSpace stands for many"
            )


def _refuse_alias(path: Path, event: yaml.NodeEvent, alias: str) -> NoReturn:
    line = event.start_mark.line + 1
    raise UserError(f"{path}, line {line} repeats values by {alias}; write the values themselves")


def _not_yaml(path: Path, error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    line = f", line {mark.line + 1}" if mark else ""
    reason = str(getattr(error, "problem", error)).splitlines()[0]
    return f"{path}{line} is not YAML: {reason}"
