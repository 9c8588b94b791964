"""Errors that the user can correct."""

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(ValueError):
    """An error that the user can correct; one sentence names value, location and remedy."""


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` if a candidate is close to the name, else nothing.

    >>> did_you_mean("desnity", ["density", "importance"])
    " Did you mean 'density'?"
    >>> did_you_mean("zzz", ["density"])
    ''
    """
    matches = get_close_matches(name, list(candidates), n=1)
    return f" Did you mean '{matches[0]}'?" if matches else ""
