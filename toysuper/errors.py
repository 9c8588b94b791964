"""Errors that the user can correct."""

import sysconfig
import traceback
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

SIGNALLED = 128
"""The exit code of a process that a signal ended is this and the number of the signal."""

LIBRARIES = (
    *(sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib")),
    str(Path(__file__).parent),
    "<",  # frozen modules
)
"""Where the paths of code begin that is not the user's own."""


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


def one_line(text: str) -> str:
    r"""Write a sentence in one line, also where it repeats a value of several lines.

    >>> print(one_line("data.task is 'a\nb'"))
    data.task is 'a\nb'
    """
    return printable(text.strip()).replace("\n", "\\n")


def first_line(error: BaseException) -> str:
    r"""Return the first line of an error's message, or its name where it has none.

    >>> first_line(ValueError("a\nb")), first_line(KeyError())
    ('a', 'KeyError()')
    """
    return (str(error).strip() or repr(error)).splitlines()[0]


def own_frames(error: BaseException) -> list[traceback.FrameSummary]:
    """Return the lines of the user's own code that an error has passed, the innermost last.

    Args:
        error: was raised.
    """
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if not frame.filename.startswith(LIBRARIES)]


def describe_fault(owner: str, error: BaseException) -> str:
    """Say what was raised, and in which line of the user's own code.

    Args:
        owner: what was called.
        error: was raised.

    >>> describe_fault("mine", ValueError("too small"))
    'mine raised ValueError: too small'
    """
    frames = own_frames(error) or traceback.extract_tb(error.__traceback__)
    location = "".join(f" ({frame.filename}, line {frame.lineno})" for frame in frames[-1:])
    return f"{owner} raised {type(error).__name__}: {error}{location}"


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` if a candidate is close to the name, else nothing.

    >>> did_you_mean("desnity", ["density", "importance"])
    " Did you mean 'density'?"
    >>> did_you_mean("zzz", ["density"])
    ''
    """
    matches = get_close_matches(name, [other for other in candidates if other != name], n=1)
    return f" Did you mean '{matches[0]}'?" if matches else ""
