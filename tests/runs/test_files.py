from pathlib import Path

import pytest

from toysuper.runs.files import write_atomic, write_csv


def test_tables_have_a_column_for_every_key(tmp_path: Path) -> None:
    write_csv(tmp_path / "new" / "a.csv", [{"a": 1}, {"a": 2, "b": 3}])
    assert (tmp_path / "new" / "a.csv").read_text().splitlines() == ["a,b", "1,", "2,3"]


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "a.csv"
    write_atomic(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomic(path, b"new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
