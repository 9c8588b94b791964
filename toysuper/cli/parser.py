"""The parser of the command line: what it reads, and what it writes into ``config.yaml``."""

import warnings
from collections.abc import Sequence
from enum import Enum
from functools import reduce
from operator import or_
from typing import Any, NoReturn, get_args

import torch
import yaml
from jsonargparse import _paths
from jsonargparse.typing import register_type
from lightning.pytorch.cli import LightningArgumentParser

from toysuper.cli.messages import explain_message

UNWRITABLE = "Unable to serialize instance"
"""What jsonargparse writes in place of an object without a name."""


def _open_utf8(file: Any, mode: str = "r") -> Any:
    return open(file, mode, encoding=None if "b" in mode else "utf-8")


_paths.open = _open_utf8  # type: ignore[attr-defined]  # else in the encoding of the locale
yaml.SafeDumper.add_multi_representer(  # for Timer's interval
    Enum, lambda dumper, member: dumper.represent_data(member.value)
)
register_type(torch.device)  # of Lightning's callbacks
warnings.filterwarnings("ignore", r"\s*Unable to serialize instance")  # Parser.dump leaves it out


class BadArguments(SystemExit):
    """Arguments that the parser refuses; exits with code 2.

    Args:
        sentence: what is wrong.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(2)
        self.sentence = sentence


class Parser(LightningArgumentParser):
    """Lightning's parser with errors of one sentence."""

    words: Sequence[str] = ()
    """The command line, for the location in a message."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, allow_abbrev=False, **kwargs)

    def add_class_arguments(self, *args: Any, sub_configs: bool = False, **kwargs: Any) -> Any:
        """Add the arguments of a class, of which none is read from another file."""
        return super().add_class_arguments(*args, **kwargs)

    def prefer_whole_numbers(self) -> None:
        """Read 3 as an int wherever an option takes an int or a float.

        ``Union[int, float]`` may be ``Union[float, int]`` if somebody wrote that one first: typing
        takes the two for one. Then 3 would be 3.0, and 1, which limits batches to one, a share.
        """
        action: Any
        for action in self._actions:
            kinds = get_args(getattr(action, "_typehint", None))
            if int in kinds and float in kinds:
                others = [kind for kind in kinds if kind not in (int, float)]
                action._typehint = reduce(or_, others, int | float)

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Stop with one sentence."""
        if not self.exit_on_error:
            super().error(message, ex)
        raise BadArguments(explain_message(message, self.options(), self.words))

    def dump(self, *args: Any, **kwargs: Any) -> str:
        """Write a config as text, without the defaults that are objects no text can name."""
        text = super().dump(*args, **kwargs)
        if UNWRITABLE not in text:
            return text
        return yaml.safe_dump(_without_unwritable(yaml.safe_load(text)), sort_keys=False)

    def options(self) -> set[str]:
        """Return every option, those of the subcommands included."""
        parsers = [self, *getattr(self._subcommands_action, "_name_parser_map", {}).values()]
        return {action.dest for parser in parsers for action in parser._actions}


def _without_unwritable(value: Any) -> Any:
    """Leave out the keys of objects that were not written; they are defaults, and stay so."""
    if isinstance(value, list):
        return [_without_unwritable(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _without_unwritable(item)
        for key, item in value.items()
        if not str(item).startswith(UNWRITABLE)
    }
