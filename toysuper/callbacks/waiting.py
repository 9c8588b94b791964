"""A message for what takes long, with the seconds that it has taken."""

import sys
from threading import Event, Thread
from typing import Self

from tqdm import tqdm

from toysuper.errors import printable

SCREEN_DELAY, FILE_DELAY = 1.0, 5.0
"""Seconds before the message appears on a screen, and in a file."""


class Waiting:
    """Shows a message while its block runs, if that takes longer than a second.

    On a screen the message counts the seconds and disappears at the end; in a file it is one line.

    Args:
        message: what is being done.
        delay: seconds before the message appears.

    Attributes:
        silent: set it on the class to show no message at all.

    >>> with Waiting("drawing"):  # quick, so no message appears
    ...     picture = None
    """

    silent = False

    def __init__(self, message: str, delay: float | None = None) -> None:
        default = SCREEN_DELAY if sys.stderr.isatty() else FILE_DELAY
        self.message, self.delay = printable(message), default if delay is None else delay
        self.finished = Event()
        self.thread = Thread(target=self._show, daemon=True)

    def start(self) -> Self:
        """Show the message after the delay."""
        self.thread.start()
        return self

    def stop(self, *_: object) -> None:
        """Remove the message."""
        self.finished.set()
        self.thread.join()

    __enter__, __exit__ = start, stop

    def _show(self) -> None:
        if self.finished.wait(self.delay) or Waiting.silent:
            return
        if not sys.stderr.isatty():
            tqdm.write(f"{self.message} …", file=sys.stderr)
            return
        with tqdm(desc=self.message, bar_format="{desc} … {elapsed}", leave=False) as line:
            line.start_t -= self.delay
            while not self.finished.wait(0.2):
                line.refresh()
