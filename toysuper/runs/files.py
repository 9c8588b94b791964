"""Files that are written whole or not at all."""

import csv
import io
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any

from toysuper.errors import UserError


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Write beside the path, then move into place; a failure leaves what was there before.

    What was written has reached the disk before it takes the name, so that neither a kill nor a
    loss of power leaves half a file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{token_hex(4)}.part")
    try:
        with draft.open("xb") as file:  # a new file, and no link to another
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write dictionaries as a table."""
    write_whole(path, csv_bytes(rows))


def csv_bytes(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Dictionaries as a table; a column for every key, in order of appearance."""
    rows = list(rows)
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    return table.getvalue().encode()


def refuse_links(root: Path, *folders: Path) -> None:
    """Refuse folders that lie elsewhere than they seem.

    Raises:
        UserError: a link leads out of the root.
    """
    for folder in folders:
        lies = folder.resolve()
        if not lies.is_relative_to(root.resolve()):
            raise UserError(
                f"{folder} leads to {lies}, outside of {root}; remove that link, or name a root "
                "of your own by --trainer.default_root_dir"
            )
