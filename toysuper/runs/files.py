"""Write files whole or not at all."""

import csv
import io
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any

from toysuper.errors import UserError


def write_atomic(path: Path, content: bytes | memoryview) -> None:
    """Write a file under another name, then rename it; after a failure the old file is still there.

    The content is on the disk before the file is renamed, so that neither a kill nor a loss of
    power leaves half a file.

    Args:
        path: the file; folders above it are made.
        content: all bytes of the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{token_hex(4)}.part")
    try:
        with draft.open("xb") as file:  # never follows a link
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write dictionaries as a CSV table; see :func:`csv_bytes`."""
    write_atomic(path, csv_bytes(rows))


def csv_bytes(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Format dictionaries as a CSV table, with a column for each key in order of appearance."""
    rows = list(rows)
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    return table.getvalue().encode("utf-8")


def refuse_links(root: Path, *folders: Path) -> None:
    """Check that no link leads from folders to a location outside of the root.

    Args:
        root: folder in which the others have to be.
        folders: files or folders, which need not exist.

    Raises:
        UserError: a link does.
    """
    for folder in folders:
        target = folder.resolve()
        if not target.is_relative_to(root.resolve()):
            raise UserError(
                f"{folder} leads to {target}, outside of {root}; remove that link, or name a root "
                "of your own by --trainer.default_root_dir"
            )
