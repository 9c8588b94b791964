"""Errors that the user can correct."""

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(ValueError):
    """An error that the user can correct; one sentence names value, location and remedy."""

    def __init__(self, sentence: str) -> None:
        super().__init__(printable(sentence))


def printable(text: str) -> str:
    r"""Write control characters as escapes: names in files can hold commands to a terminal.

    >>> printable("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    return "".join(c if c.isprintable() or c in "\n\t\u00a0" else f"\\x{ord(c):02x}" for c in text)


def first_line(error: BaseException) -> str:
    r"""Return the first line of an error's message, or its name where it has none.

    >>> first_line(ValueError("a\nb")), first_line(KeyError())
    ('a', 'KeyError()')
    """
    return (str(error).strip() or repr(error)).splitlines()[0]


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` if a candidate is close to the name, else nothing.

    >>> did_you_mean("desnity", ["density", "importance"])
    " Did you mean 'density'?"
    >>> did_you_mean("zzz", ["density"])
    ''
    """
    matches = get_close_matches(name, [other for other in candidates if other != name], n=1)
    return f" Did you mean '{matches[0]}'?" if matches else ""
