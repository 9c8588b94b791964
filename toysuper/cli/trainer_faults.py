"""Name the setting because of which no Trainer can be made: Lightning's errors seldom do."""

import inspect
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from lightning.pytorch import Trainer

from toysuper.cli.location import locate
from toysuper.errors import UserError, first_line

MADE_HERE = ("callbacks", "logger", "plugins")
"""Arguments that are objects, of which the command line adds its own."""


def blame_setting(error: Exception, config: Mapping[str, Any], words: Sequence[str]) -> None:
    """Find the one setting without which a Trainer can be made; do nothing if there is none.

    Args:
        error: what Lightning raised.
        config: arguments of the Trainer.
        words: the command line, for the location.

    Raises:
        UserError: there is one; the sentence names it.
    """
    for name, parameter in inspect.signature(Trainer).parameters.items():
        if name not in MADE_HERE and config.get(name) != parameter.default:
            others = {**config, name: parameter.default}
            if _can_be_made(others):
                option = f"trainer.{name}{locate(f'trainer.{name}', words)}"
                raise UserError(f"{option} is {config.get(name)!r}: {first_line(error)}") from error


def _can_be_made(config: Mapping[str, Any]) -> bool:
    with suppress(Exception):
        Trainer(**{**config, "callbacks": [*config["callbacks"]]})  # it adds to them
        return True
    return False
