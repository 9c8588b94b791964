"""Check a YAML config before jsonargparse reads it."""

from pathlib import Path
from typing import Any, NoReturn

import yaml

from toysuper.errors import UserError

LINKED = ("n", "grid", "seed")
"""Arguments that the model takes from the data."""

MAX_VALUES = 3000
"""Most values that a config may hold: the time to parse it is quadratic in them."""
MAX_DEPTH = 50
"""Most lists and mappings inside each other: the time to parse them is quadratic, too."""


def load_config(path: Path) -> dict[str, Any]:
    """Load a config.

    Raises:
        UserError: the file is not YAML, is too large, repeats a value by an alias, is not a
            mapping, takes a section from another file, or sets what the model takes from the data.
    """
    try:
        text = path.read_text(encoding="utf-8")
        _check_events(path, text)
        content = yaml.safe_load(text)
    except UserError:
        raise
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(_not_yaml(path, error)) from error
    content = {} if content is None else content
    _check_keys(path, content)
    _check_no_linked(path, content)
    return content


def _check_events(path: Path, text: str) -> None:
    """Count values and depth and look for aliases, without building anything."""
    values = depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        values += isinstance(event, yaml.NodeEvent)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            line = event.start_mark.line + 1
            raise UserError(f"{path}, line {line} nests more than {MAX_DEPTH} lists or mappings")
        if isinstance(event, yaml.AliasEvent):
            _refuse_alias(path, event, f"*{event.anchor}")
        if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]:
            _refuse_alias(path, event, "<<")
        if values > MAX_VALUES:
            raise UserError(
                f"{path} holds more than {MAX_VALUES} values; a Curve such as "
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


def _check_keys(path: Path, content: Any) -> None:
    if not isinstance(content, dict):
        raise UserError(f"{path} is not a mapping of options")
    if not all(isinstance(key, str) for key in content):
        raise UserError(f"{path} has an option that is not a word")
    for name, value in content.items():
        if isinstance(value, str) and (path.parent / value).is_file() | Path(value).is_file():
            raise UserError(f"{path} takes {name} from '{value}'; write its content into {path}")


def _check_no_linked(path: Path, content: dict[str, Any]) -> None:
    settings: Any = content
    for key in ("model", "variant", "init_args"):
        settings = settings.get(key) if isinstance(settings, dict) else None
    for name in LINKED:
        if isinstance(settings, dict) and name in settings:
            raise linked_error(name, f"in {path}")


def linked_error(name: str, location: str) -> UserError:
    """Return the error for a value that would be ignored, because the model takes it from the data.

    Args:
        name: argument of the model.
        location: where it is set, "in FILE" or "on the command line".
    """
    return UserError(
        f"model.variant.{name} {location} is taken from the data; set data.{name} instead"
    )
