"""``toysuper collect``: the runs of a folder as one table, .csv or .parquet."""

import csv
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from toysuper.cli.configs import flat
from toysuper.cli.help import of_runs
from toysuper.errors import UserError
from toysuper.runs.files import csv_bytes, write_whole

SECTIONS = ("model", "data", "trainer")
"""Parts of a config that become columns."""


def main(args: list[str]) -> None:
    """Write the table and say where it is."""
    folder, path = of_runs(args, "collect", __doc__, "collected.csv")
    rows = collect(folder)
    write_table(path, rows)
    print(f"wrote {path}: {len(rows)} models of {len({row['run'] for row in rows})} runs")


def collect(folder: Path) -> list[dict[str, Any]]:
    """One row for each model: its run, the run's config and claims, its metrics.

    Runs that have not ended have no row.

    Raises:
        UserError: there is none that has.
    """
    return [row for run in runs(folder) for row in _rows(folder, run)]


def write_table(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write rows as CSV or, where pyarrow is there, as Parquet.

    Raises:
        UserError: the file's ending is another, or pyarrow is not there.
    """
    if path.suffix == ".csv":
        write_whole(path, csv_bytes(rows))
    elif path.suffix == ".parquet":
        write_whole(path, _parquet(csv_bytes(rows)))
    else:
        raise UserError(f"--to '{path}' ends neither in .csv nor in .parquet")


def runs(folder: Path) -> list[Path]:
    """Where a ``config.yaml`` and an ``instances.csv`` lie; links are not followed.

    Raises:
        UserError: nowhere.
    """
    if not folder.is_dir():
        raise UserError(f"'{folder}' is not a folder; give the one that the runs lie in")
    found = (Path(at) for at, _, names in os.walk(folder) if "config.yaml" in names)
    ended = sorted(run for run in found if (run / "instances.csv").is_file())
    if not ended:
        raise UserError(f"'{folder}' holds no run that has ended; train first: toysuper fit …")
    return ended


def config_of(run: Path) -> dict[str, Any]:
    """What a run's ``config.yaml`` says.

    Raises:
        UserError: it says nothing that can be read.
    """
    file = run / "config.yaml"
    try:
        config = yaml.safe_load(file.read_text())
    except (yaml.YAMLError, ValueError):
        config = None
    if not isinstance(config, dict):
        raise UserError(f"{file} is damaged; move its folder elsewhere")
    return config


def _rows(folder: Path, run: Path) -> Iterator[dict[str, Any]]:
    config = config_of(run)
    told = {k: v for part in SECTIONS for k, v in flat(config.get(part), part).items()}
    claims = {f"claim {row.get('name')}": row.get("holds") for row in table(run / "claims.csv")}
    for row in table(run / "instances.csv"):
        yield {"run": str(run.relative_to(folder)), **told, **row, **claims}


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file; none where there is no file."""
    if not path.is_file():
        return []
    with path.open(errors="replace", newline="") as lines:
        return list(csv.DictReader(lines))


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
