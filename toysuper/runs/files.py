"""Write files whole or not at all, and read those that anyone may have written."""

import csv
import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from stat import S_ISREG
from typing import Any
from unicodedata import normalize

from toysuper.errors import UserError, printable


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
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow(map(_not_formula, names))
    writer.writerows([_not_formula(row.get(name, "")) for name in names] for row in rows)
    return table.getvalue().encode("utf-8", "replace")


def _not_formula(value: Any) -> Any:
    """Put an apostrophe before text that a spreadsheet would compute; numbers stay as they are."""
    if not isinstance(value, str):
        return value
    with suppress(ValueError):
        float(value)
        return value
    cells = re.split(r"([;\t])", value)  # which separate cells in some countries
    return "".join(_quote_formula(printable(cell)) for cell in cells)


def _quote_formula(cell: str) -> str:
    first = normalize("NFKC", cell).lstrip()[:1]  # full-width signs count, too
    return f"'{cell}" if first and first in "=+-@" else cell


def read_below(root: Path, path: Path, max_bytes: int = 1 << 26) -> bytes:
    """Read a file of a run that may be somebody else's.

    Args:
        root: folder that the file has to lie in, links followed.
        path: the file.
        max_bytes: largest size of the file.

    Raises:
        UserError: the file lies elsewhere, too, is a pipe or a device, or is larger.
    """
    refuse_other_names(root, path)
    return read_regular(path, max_bytes)


def read_regular(path: Path, max_bytes: int) -> bytes:
    """Read a file whole.

    Args:
        path: the file.
        max_bytes: its largest size.

    Raises:
        UserError: it is a pipe or a device, or larger.
    """
    check_regular(path, max_bytes)
    return path.read_bytes()


def check_regular(path: Path, max_bytes: int) -> None:
    """Check what :func:`read_regular` checks, without reading the file.

    Args:
        path: the file.
        max_bytes: its largest size.

    Raises:
        UserError: it is a pipe or a device, or larger.
    """
    status = path.stat()
    if not S_ISREG(status.st_mode):
        raise UserError(f"{path} is no regular file; remove it")
    if status.st_size > max_bytes:
        raise UserError(f"{path} has {status.st_size:,} bytes; at most {max_bytes:,} are read")


def refuse_other_names(root: Path, *paths: Path) -> None:
    """Check that files are those of a root only, neither by a link nor by a hard link.

    Args:
        root: folder in which the files have to be.
        paths: files or folders.

    Raises:
        UserError: one is elsewhere, too.
    """
    refuse_links(root, *paths)
    for path in paths:
        if path.is_file() and path.stat().st_nlink > 1:
            raise UserError(f"{path} has a second name elsewhere (a hard link); copy it")


def list_tree(folder: Path) -> Iterator[Path]:
    """Yield a folder and everything in it; links are not followed."""
    for parent, folders, files in os.walk(folder):
        yield Path(parent)
        yield from (Path(parent, name) for name in (*folders, *files))


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
