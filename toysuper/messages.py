"""One clear sentence for what went wrong on the command line."""

import re
import sys
from typing import Any, NoReturn

from lightning.pytorch.cli import LightningArgumentParser

from toysuper.errors import UserError, nearest


class Parser(LightningArgumentParser):
    """Lightning's parser, whose errors are the few lines that matter."""

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Print the essence and exit with 2."""
        if not self.exit_on_error:
            super().error(message, ex)
        sys.stderr.write(f"toysuper: {message}\n")
        raise SystemExit(2)


def fault(error: BaseException) -> str | None:
    """The sentence for an error that is the user's or the machine's; None for a true fault."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, OSError) and error.filename:
        return f"cannot write '{error.filename}': {error.strerror}"
    return None
