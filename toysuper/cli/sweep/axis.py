"""One key of the config that a sweep varies."""

from contextlib import suppress
from dataclasses import dataclass
from json import dumps
from typing import Any

import yaml

from toysuper.errors import UserError


@dataclass(frozen=True)
class Axis:
    """One key of the config and what it may be: texts to choose from, or a range of numbers."""

    key: str
    choices: tuple[str, ...] = ()
    low: float = 0
    high: float = 0
    log: bool = False

    def suggest(self, trial: Any) -> str:
        """The key's value at a point, as the command line takes it."""
        if self.choices:
            return trial.suggest_categorical(self.key, self.choices)
        whole = isinstance(self.low, int) and isinstance(self.high, int)
        suggest = trial.suggest_int if whole else trial.suggest_float
        return str(suggest(self.key, self.low, self.high, log=self.log))


def axis_of(text: str) -> Axis:
    """An axis as the command line gives it.

    Raises:
        UserError: it is neither a list of values nor a range.

    >>> axis_of("model.hidden=[2, 3]").choices
    ('2', '3')
    >>> axis_of("model.init={low: 0.01, high: 1.0, log: true}").high
    1.0
    """
    key, _, value = text.partition("=")
    with suppress(yaml.YAMLError, ValueError, TypeError, KeyError):
        given = yaml.safe_load(value)
        if isinstance(given, list) and given and key:
            return Axis(key, tuple(dict.fromkeys(map(_text, given))))
        if isinstance(given, dict) and key:
            low, high = _number(given.pop("low")), _number(given.pop("high"))
            log = given.pop("log", False)
            if low < high and (low > 0 or not log) and not given:
                return Axis(key, (), low, high, log)
    raise UserError(
        f"--axis '{text}' is neither a list nor a range; write "
        "model.hidden=[2, 3] or 'model.init={low: 0.01, high: 1.0, log: true}'"
    )


def _number(value: Any) -> float | int:
    """YAML takes 1e-4 for a word."""
    return value if isinstance(value, int) else float(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else dumps(value)
