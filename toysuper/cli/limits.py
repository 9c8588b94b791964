"""Limits of what a config may set: where it writes, and how large its numbers are."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from toysuper.cli.location import ROOT, list_settings, locate
from toysuper.cli.name_checks import list_leaves
from toysuper.errors import UserError
from toysuper.names import is_within
from toysuper.runs.files import list_tree, refuse_other_names

MAX_NUMBER = 10**15
"""Largest whole number that a config may set."""
MAX_OF = {
    "trainer.devices": 1024,
    "trainer.num_nodes": 10_000,
    "seed_everything": 2**32 - 1,
    "model": 10**6,
    "data.features": 10**6,
}
"""Largest whole numbers of options, and of sections."""
FILENAME = re.compile(r"([^{}]|\{[\w/-]+(:(0?\d)?d|:\.\d[efg])?\})*")
"""Names of checkpoints: texts with the values of metrics."""
PREFIX = re.compile(r"[A-Za-z]\w+:")
"""What begins an address of a file system, as ``file:`` does, and no time, as ``00:01:00``."""
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
    text = str(config.trainer.get("default_root_dir") or ROOT)
    _check_root(text, words)
    _check_processes(config, words)
    for key, value, _, is_class_path in list_leaves(config):
        if is_class_path:
            continue  # not a folder, though the word ends like one
        if isinstance(value, str) and key in MAX_OF and value.strip().lstrip("+-").isdecimal():
            value = int(value.strip()[:100])  # an option that takes words, too
        if isinstance(value, int):
            _check_number(key, value, words)
        if key.startswith("trainer.") and key != "trainer.default_root_dir":
            _check_path(key, value, Path(text), words)


def _check_processes(config: Any, words: Sequence[str]) -> None:
    """Refuse more processes than there are cores if a file asks for them, not the command line."""
    devices, location = str(config.trainer.devices).strip(), locate("trainer.devices", words)
    cores = os.cpu_count() or 1
    if devices.isdecimal() and int(devices) > cores and "command line" not in location:
        raise UserError(
            f"trainer.devices{location} is {devices}, more than the {cores} cores here; if you "
            "want that, give --trainer.devices on the command line"
        )


def _check_number(key: str, value: int, words: Sequence[str]) -> None:
    sections = [name for name in MAX_OF if is_within(key, [name])]
    most = MAX_OF[sections[0]] if sections else MAX_NUMBER
    if abs(value) > most:  # Python does not write numbers of thousands of digits
        digits = int(value.bit_length() * 0.30103) + 1
        number = f"{value:,}" if digits < 30 else f"a number of about {digits} digits"
        raise UserError(f"{key}{locate(key, words)} is {number}; it must be at most {most:,}")


def _check_root(root: str, words: Sequence[str]) -> None:
    """Refuse a root outside of the working folder that is not from the command line."""
    settings = [s for s in list_settings(words) if s.keys == ("trainer", "default_root_dir")]
    is_chosen = settings and settings[-1].location == "command line"
    is_chosen = is_chosen and Path(settings[-1].value) == Path(root)
    here = Path.cwd().resolve()
    is_here = Path(root).resolve() != here and Path(root).resolve().is_relative_to(here)
    if _is_expanded(root) or not (is_here or is_chosen):
        raise UserError(
            f"trainer.default_root_dir{locate('trainer.default_root_dir', words)} is {root}, which "
            "is not a folder below this one; if you want that, give --trainer.default_root_dir on "
            "the command line, written in full"
        )


def _check_path(key: str, value: Any, root: Path, words: Sequence[str]) -> None:
    """Refuse a text that leads out of the root, or a folder that is not below it."""
    if not isinstance(value, str | Path):
        return
    name, text, path = key.rpartition(".")[2], str(value), Path(value)
    is_folder = FOLDER.search(name) and name != "sub_dir"
    is_below = path.resolve().is_relative_to(root.resolve())
    climbs = path.is_absolute() and not is_below and text != "/"  # a separator of names
    if _is_expanded(text) or ".." in path.parts or climbs or (is_folder and not is_below):
        raise UserError(
            f"{key}{locate(key, words)} is '{value}', outside of {root}, the folder that this run "
            f"writes into; name a folder in {root}, or another root by --trainer.default_root_dir"
        )
    if name in ("version", "name") and key.startswith("trainer.logger") and not text.strip("./"):
        raise UserError(f"{key}{locate(key, words)} is empty, so that runs would be mixed")
    if name == "filename" and not FILENAME.fullmatch(text):
        example = "'{epoch}-{val/loss:.3f}'"
        raise UserError(f"{key}{locate(key, words)} is '{value}'; name metrics as in {example}")
    if is_folder:
        refuse_other_names(root, *list_tree(path))


def _is_expanded(text: str) -> bool:
    """Return whether Lightning takes a text for another path than the one that it spells."""
    return text.startswith("~") or "$" in text or ":/" in text or PREFIX.match(text) is not None
