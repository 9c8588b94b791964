"""A key of the config that a sweep varies."""

from contextlib import suppress
from dataclasses import dataclass
from json import dumps
from typing import Any

import yaml

from toysuper.errors import UserError


@dataclass(frozen=True)
class Axis:
    """A key of the config, with a list of values or a range of numbers.

    Args:
        key: dotted key of the config.
        choices: values, as the command line takes them; empty for a range.
        low: lower end of the range.
        high: upper end of the range.
        log: whether the search takes logarithms of the numbers.
    """

    key: str
    choices: tuple[str, ...] = ()
    low: float = 0
    high: float = 0
    log: bool = False

    def holds(self, value: Any) -> bool:
        """Return whether a value, written as the command line takes it, is one of the axis."""
        if self.choices:
            return value in self.choices
        with suppress(TypeError, ValueError):
            return isinstance(value, str) and self.low <= float(value) <= self.high
        return False

    def suggest(self, trial: Any) -> str:
        """Let an Optuna trial choose a value, written as the command line takes it."""
        if self.choices:
            return trial.suggest_categorical(self.key, self.choices)
        is_integer = isinstance(self.low, int) and isinstance(self.high, int)
        suggest = trial.suggest_int if is_integer else trial.suggest_float
        return str(suggest(self.key, self.low, self.high, log=self.log))


def parse_axis(text: str) -> Axis:
    """Parse ``KEY=[VALUE, …]`` or ``KEY={low: NUMBER, high: NUMBER, log: BOOL}``.

    Raises:
        UserError: the text is neither.

    >>> parse_axis("model.variant.hidden=[2, 3]").choices
    ('2', '3')
    >>> parse_axis("model.variant.init={low: 0.01, high: 1.0, log: true}").high
    1.0
    """
    key, _, value = text.partition("=")
    with suppress(yaml.YAMLError, ValueError, TypeError, KeyError):
        values = yaml.safe_load(value)
        if isinstance(values, list) and values and key:
            return Axis(key, tuple(dict.fromkeys(map(_to_text, values))))
        if isinstance(values, dict) and key:
            low, high = _to_number(values.pop("low")), _to_number(values.pop("high"))
            log = values.pop("log", False)
            if low < high and (low > 0 or not log) and not values:
                return Axis(key, (), low, high, log)
    raise UserError(
        f"--axis '{text}' is neither a list nor a range; write "
        "model.variant.hidden=[2, 3] or 'model.variant.init={low: 0.01, high: 1.0, log: true}'"
    )


def _to_number(value: Any) -> float | int:
    """Convert words such as 1e-4, which YAML does not take for numbers."""
    return value if isinstance(value, int) else float(value)


def _to_text(value: Any) -> str:
    return value if isinstance(value, str) else dumps(value)
