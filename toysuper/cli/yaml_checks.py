"""Check a YAML config before jsonargparse reads it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from toysuper.errors import UserError
from toysuper.runs.yaml_file import load_yaml

LINKED = ("n", "grid", "seed")
"""Arguments that the model takes from the data."""

MAX_VALUES = 3000
"""Most values that a config may hold: the time to parse it is quadratic in them."""


def load_config(path: Path) -> dict[str, Any]:
    """Load a config.

    Raises:
        UserError: the file is not YAML, is too large, repeats a value by an alias, is not a
            mapping, takes a section from another file, or sets what the model takes from the data.
    """
    content = load_yaml(path, MAX_VALUES)
    about = content.get("about") if isinstance(content, dict) else None
    parts = {**content, "about": None} if isinstance(about, dict) else content  # its texts are free
    for text in _texts(parts):
        _check_text(path, text)
    _check_keys(path, content)
    _check_no_linked(path, content)
    return content


def _texts(content: Any) -> Iterator[str]:
    """Yield every text of a config."""
    if isinstance(content, dict | list):
        for item in content.values() if isinstance(content, dict) else content:
            yield from _texts(item)
    elif isinstance(content, str):
        yield content


def _check_text(path: Path, text: str) -> None:
    """Refuse aliases in a text that is YAML itself: jsonargparse reads it a second time."""
    try:
        events = list(yaml.parse(text, yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError):
        return
    is_collection = any(isinstance(event, yaml.CollectionStartEvent) for event in events)
    for event in events:
        if isinstance(event, yaml.AliasEvent) and is_collection:
            raise UserError(
                f"{path} repeats values by *{event.anchor}; write the values themselves"
            )
        if isinstance(event, yaml.ScalarEvent) and event.value != text:
            _check_text(path, event.value)


def _check_keys(path: Path, content: Any) -> None:
    if content is None:
        raise UserError(f"{path} sets nothing; write options into it, or leave it out")
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
