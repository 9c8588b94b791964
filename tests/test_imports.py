"""Imports point one way."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "toysuper"
ROOMS = (
    *("errors", "functional", "names", "snapshot", "features", "data", "models", "engine"),
    *("metrics", "figures", "claims", "experiments", "runs", "training", "callbacks", "cli"),
)
LIGHTNING = {"python", "data", "models", "training", "callbacks", "runs", "cli"}


def imported(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module == "toysuper":
            names |= {f"toysuper.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
    return names


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=str)
def test_imports_point_one_way(path: Path) -> None:
    names = imported(path)
    assert room(path) in LIGHTNING or not any("lightning" in name for name in names)
    assert not any("pyplot" in name for name in names)
