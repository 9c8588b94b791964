"""``toysuper collect``: write all runs of a folder into one table, .csv or .parquet."""

import csv
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from toysuper.cli.help import parse_runs_args
from toysuper.errors import UserError, one_line, printable
from toysuper.runs.files import csv_bytes, read_below, write_atomic
from toysuper.runs.saved_config import flatten, load_run_config

SECTIONS = ("model", "data", "trainer")
"""Sections of a config that become columns."""
MAX_BYTES, MAX_CELLS = 1 << 26, 4_000_000
"""Largest table of a run that is read: 100,000 models of 40 columns."""
MAX_TABLE = 20_000_000
"""Most cells of the table that is written."""


def main(args: list[str]) -> None:
    """Write the table and print its path."""
    folder, path = parse_runs_args(args, "collect", __doc__, "collected.csv")
    rows = collect(folder)
    write_table(path, rows)
    runs = len({row["run"] for row in rows})
    print(printable(f"wrote {path}: {len(rows)} models of {runs} runs"))


def collect(folder: Path) -> list[dict[str, Any]]:
    """Return a row for each model: its run, the run's config and claims, the model's metrics.

    Runs that have not ended are left out, and so are those that cannot be read, by name.

    Raises:
        UserError: no run in the folder has ended, or none can be read.
    """
    rows: list[dict[str, Any]] = []
    columns: set[str] = set()
    for run in finished_runs(folder):
        table = read_or_skip(_rows, folder, run, len(rows), columns)
        rows += table or []
        columns |= {name for row in (table or [])[:1] for name in row}
    if not rows:
        raise UserError(f"no run of '{folder}' can be read")
    return rows


def read_or_skip(read: Callable[..., Any], folder: Path, *args: Any) -> Any:
    """Read a run; one that cannot be read is named on the screen and gives None.

    Args:
        read: the function that reads it.
        folder: its first argument, which a message names.
        args: its other arguments.
    """
    try:
        return read(folder, *args)
    except Exception as error:  # a file that anyone wrote may raise anything
        reason = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        where = args[0] if args and isinstance(args[0], Path) else folder
        print(one_line(f"toysuper: left out {where}: {reason[:300]}"), file=sys.stderr)
        return None


def write_table(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write rows as CSV or, where pyarrow is installed, as Parquet.

    Args:
        path: the file; its ending says which of the two.
        rows: dictionaries from column to value.

    Raises:
        UserError: the file has another ending, or pyarrow is not installed.
    """
    if path.suffix == ".csv":
        write_atomic(path, csv_bytes(rows))
    elif path.suffix == ".parquet":
        write_atomic(path, _parquet(csv_bytes(rows)))
    else:
        raise UserError(f"--to '{path}' ends neither in .csv nor in .parquet")


def finished_runs(folder: Path) -> list[Path]:
    """Return the folders with a ``config.yaml`` and an ``instances.csv``; links are not followed.

    Raises:
        UserError: there is none.
    """
    if not folder.is_dir():
        raise UserError(f"'{folder}' is not a folder; give the folder of the runs")
    tables = {"config.yaml", "instances.csv"}
    finished = sorted(Path(path) for path, _, names in os.walk(folder) if tables <= {*names})
    if not finished:
        raise UserError(f"'{folder}' holds no run that has ended; train first: toysuper fit …")
    return finished


def read_csv(run: Path, name: str) -> list[dict[str, str]]:
    """Return the rows of a table of a run; none if there is no such file.

    Args:
        run: folder of the run.
        name: name of the file.
    """
    if not (run / name).exists():
        return []
    text = read_below(run, run / name, MAX_BYTES).decode("utf-8", errors="replace")
    rows, cells = [], 0
    for row in csv.DictReader(io.StringIO(text, newline="")):
        rows.append({key: value or "" for key, value in row.items() if key is not None})
        cells += len(row)
        if cells > MAX_CELLS:
            raise UserError(f"{run / name} has more than {MAX_CELLS:,} cells")
    return rows


def _rows(folder: Path, run: Path, others: int, columns: set[str]) -> list[dict[str, Any]]:
    """Make the rows of a run, if the table with those of other runs is not too large then."""
    config = load_run_config(run)
    settings = {k: v for name in SECTIONS for k, v in flatten(config.get(name), name).items()}
    claims = {f"claim {row.get('name')}": row.get("holds") for row in read_csv(run, "claims.csv")}
    common = {"run": str(run.relative_to(folder)), **settings, **claims}
    rows = read_csv(run, "instances.csv")
    if not rows:
        raise UserError(f"{run / 'instances.csv'} has no row; the run was stopped while it wrote")
    width = len(columns | common.keys() | {name for row in rows[:1] for name in row})
    if (cells := width * (others + len(rows))) > MAX_TABLE:
        raise UserError(f"the table would have {cells:,} cells with it; at most {MAX_TABLE:,}")
    return [{**common, **row} for row in rows]


def _parquet(table: bytes) -> bytes:
    try:
        from pyarrow import csv as arrow
        from pyarrow import parquet
    except ImportError as error:
        raise UserError(
            "Parquet needs pyarrow: pip install pyarrow, or --to a .csv file"
        ) from error
    content = io.BytesIO()
    parquet.write_table(arrow.read_csv(io.BytesIO(table)), content)
    return content.getvalue()
