"""Files that are written whole or not at all."""

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def write_whole(path: Path, content: bytes) -> None:
    """Write beside the path, then move into place; a failure leaves what was there before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.part")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write dictionaries as a table; a column for every key, in order of appearance."""
    rows = list(rows)
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    write_whole(path, table.getvalue().encode())
