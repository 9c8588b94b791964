"""Words for whoever waits: what takes long, and for how long already."""

import sys
from threading import Event, Thread
from typing import Self

from tqdm import tqdm

PATIENCE, OF_FILES = 1.0, 5.0
"""Seconds that may pass without a word on a screen, and in a file."""


class Waiting:
    """Says what goes on, once it has taken a second: a line that counts, gone when it is done.

    Where the screen is a file, one line is written, and later. ``silent`` says nothing at all.

    >>> with Waiting("drawing"):  # quick, so nothing is said
    ...     picture = None
    """

    silent = False

    def __init__(self, what: str, patience: float | None = None) -> None:
        usual = PATIENCE if sys.stderr.isatty() else OF_FILES
        self.what, self.patience = what, usual if patience is None else patience
        self.over = Event()
        self.thread = Thread(target=self._tell, daemon=True)

    def start(self) -> Self:
        """Begin to wait."""
        self.thread.start()
        return self

    def stop(self, *_: object) -> None:
        """It is done."""
        self.over.set()
        self.thread.join()

    __enter__, __exit__ = start, stop

    def _tell(self) -> None:
        if self.over.wait(self.patience) or Waiting.silent:
            return
        if not sys.stderr.isatty():
            tqdm.write(f"{self.what} …", file=sys.stderr)
            return
        with tqdm(desc=self.what, bar_format="{desc} … {elapsed}", leave=False) as line:
            line.start_t -= self.patience
            while not self.over.wait(0.2):
                line.refresh()
