"""Limits of what a config may set: where it writes, and how large its numbers are."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from jsonargparse import Namespace

from toysuper.cli.location import SKIPPED, list_settings, locate
from toysuper.errors import UserError

ROOT = "runs"
"""Folder that all experiments write into unless the command line names another."""
MAX_NUMBER = 10**15
"""Largest whole number that a config may set."""
FOLDER = re.compile(r"dir$|dirpath$|path$")
"""Names of arguments that say where a callback, a logger or a profiler writes."""


def check_limits(config: Any, words: Sequence[str]) -> None:
    """Check the folders and numbers of a parsed config, before anything is made of it.

    Args:
        config: what the parser returns for one command.
        words: the command line, whose root a file cannot change.

    Raises:
        UserError: the config would write outside of the root, or a number is too large.
    """
    root = Path(config.trainer.get("default_root_dir") or ROOT)
    _check_root(str(config.trainer.get("default_root_dir") or ROOT), words)
    for key, value in list_values(config):
        if isinstance(value, int) and abs(value) > MAX_NUMBER:
            raise UserError(
                f"{key}{locate(key, words)} is a number of {len(str(abs(value)))} digits; "
                "numbers are at most 10^15"
            )
        if key.startswith("trainer.") and key != "trainer.default_root_dir":
            _check_path(key, value, root, words)


def list_values(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield dotted key and value of everything that a config sets, names of classes apart.

    Args:
        value: the config, or a part of it.
        key: dotted key of the part.
    """
    if isinstance(value, dict | Namespace):
        for name, item in (value if isinstance(value, dict) else vars(value)).items():
            inner = key if name in SKIPPED else f"{key}.{name}".lstrip(".")
            if name != "class_path" or not isinstance(item, str):
                yield from list_values(item, inner)
    elif isinstance(value, list | tuple | set):
        for item in value:
            yield from list_values(item, key)
    else:
        yield key, value


def _check_root(root: str, words: Sequence[str]) -> None:
    """Refuse a root outside of the working folder that is not from the command line."""
    settings = [s for s in list_settings(words) if s.keys == ("trainer", "default_root_dir")]
    is_chosen = settings and settings[-1].location == "command line"
    is_chosen = is_chosen and Path(settings[-1].value) == Path(root)
    is_here = "://" not in root and Path(root).resolve().is_relative_to(Path.cwd().resolve())
    if not is_chosen and not is_here:
        raise UserError(
            f"trainer.default_root_dir{locate('trainer.default_root_dir', words)} is {root}, "
            "outside of this folder; if you want that, give --trainer.default_root_dir on the "
            "command line"
        )


def _check_path(key: str, value: Any, root: Path, words: Sequence[str]) -> None:
    """Refuse a text that leads out of the root, or a folder that is not below it."""
    if not isinstance(value, str | Path):
        return
    name, text, path = key.rpartition(".")[2], str(value), Path(value)
    climbs = path.is_absolute() or ".." in path.parts or text.startswith("~") or "://" in text
    is_folder = FOLDER.search(name) and name != "sub_dir"
    if (climbs or is_folder) and not path.resolve().is_relative_to(root.resolve()):
        raise UserError(
            f"{key}{locate(key, words)} is '{value}', outside of {root}, the folder that this run "
            f"writes into; name a folder in {root}, or another root by --trainer.default_root_dir"
        )
    if name in ("version", "name") and key.startswith("trainer.logger") and not text:
        raise UserError(f"{key}{locate(key, words)} is empty, so that runs would be mixed")
