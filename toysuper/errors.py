"""The one kind of error that is the user's to mend."""

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(ValueError):
    """Bad input, said in one sentence: the value, its place and the remedy."""


def nearest(name: str, known: Iterable[str]) -> str:
    """`` Did you mean 'x'?`` when a known name is close, else nothing.

    >>> nearest("desnity", ["density", "importance"])
    " Did you mean 'density'?"
    >>> nearest("zzz", ["density"])
    ''
    """
    matches = get_close_matches(name, list(known), n=1)
    return f" Did you mean '{matches[0]}'?" if matches else ""
