"""Find the line of a config, or the argument, that sets an option."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

ROOT = "runs"
"""Folder that all experiments write into unless the command line names another."""
SKIPPED = ("init_args", "dict_kwargs")
"""Keys that jsonargparse leaves out when it names an option."""


class Setting(NamedTuple):
    """One key and its value, where the value is one word or number.

    Args:
        keys: the key and those that it lies in, the outermost first.
        value: as written; empty for a mapping or a list.
        location: file and line, or the command line.
    """

    keys: tuple[str, ...]
    value: str
    location: str


def locate(name: str, words: Sequence[str]) -> str:
    """Say where an option is set, or a class is named, `` (FILE, line K)``; empty if nowhere.

    Later arguments win over earlier ones, so the last one that sets the option is meant.

    Args:
        name: dotted name of an option, or the last part of it, or the name of a class.
        words: the command line.

    >>> locate("trainer.max_step", ["fit", "--trainer.max_step=5"])
    ' (command line)'
    """
    settings = list(list_settings(words))[::-1]
    key, last = tuple(name.split(".")), name.split(".")[-1]
    word = re.compile(rf"(?<!\w){re.escape(last)}(?!\w)")
    candidates = (
        *(s for s in settings if s.keys == key),
        *(s for s in settings if last in s.keys[-1:]),
        *(s for s in settings if word.search(s.value)),
    )
    return f" ({candidates[0].location})" if candidates else ""


def list_settings(words: Sequence[str]) -> Iterator[Setting]:
    """Yield every key that the command line and its configs set, in their order."""
    for before, word in zip(["", *words], words, strict=False):
        flag, equals, value = word.partition("=")
        flag, value = (flag, value) if equals else (before, word)
        path = Path(value)
        if flag in ("--config", "-c") and path.is_file():
            yield from _file_settings(path)
        elif flag.startswith("--"):
            yield from _settings(value, tuple(flag[2:].split(".")), None)
        elif word.startswith("--"):
            yield Setting(tuple(word[2:].split(".")), "", "command line")


def _file_settings(path: Path) -> Iterator[Setting]:
    yield from _settings(path.read_text(encoding="utf-8"), (), path)


def _settings(text: str, keys: tuple[str, ...], path: Path | None) -> Iterator[Setting]:
    try:
        node = yaml.compose(text, yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError):  # a word of the command line need not be YAML
        node = None
    if node is not None:
        yield from _walk(node, keys, path)
    elif path is None:
        yield Setting(keys, text, "command line")


def _walk(node: yaml.Node, keys: tuple[str, ...], path: Path | None) -> Iterator[Setting]:
    line = f"{path}, line {node.start_mark.line + 1}" if path else "command line"
    yield Setting(keys, node.value if isinstance(node, yaml.ScalarNode) else "", line)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = keys if key.value in SKIPPED else (*keys, str(key.value))
            yield from _walk(value, inner, path)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _walk(value, keys, path)
