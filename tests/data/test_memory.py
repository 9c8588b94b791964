"""How much memory there is."""

import os
import sys
from pathlib import Path

import psutil
import pytest

from toysuper.data import memory
from toysuper.errors import UserError


@pytest.mark.parametrize(
    ("text", "limit"), [("max\n", None), ("4096\n", 4096), (f"{2**62}\n", None), (None, None)]
)
def test_a_container_may_have_less_than_the_machine(
    text: str | None, limit: int | None, tmp_path: Path, monkeypatch
) -> None:
    if text is not None:
        (tmp_path / "memory.max").write_text(text)
    monkeypatch.setattr(memory, "CGROUP_LIMITS", (tmp_path / "memory.max",))
    monkeypatch.delattr(os, "sysconf", raising=False)  # as on Windows
    assert memory.total_memory() == (limit or psutil.virtual_memory().total)


def test_what_fits_only_the_machine_is_refused_in_a_container(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "memory.max").write_text("4096\n")
    monkeypatch.setattr(memory, "CGROUP_LIMITS", (tmp_path / "memory.max",))
    memory.check_memory(512, "a small grid")
    with pytest.raises(UserError, match="a grid needs"):
        memory.check_memory(513, "a grid")


def test_a_system_that_does_not_say_has_no_limit(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(memory, "CGROUP_LIMITS", ())
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert memory.total_memory() == float("inf")
    memory.check_memory(10**30, "a grid")
