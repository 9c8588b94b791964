"""Imports point one way."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "toysuper"
CORE = {"functional", "types", "errors"}
ALLOWED = {
    "functional": {"functional", "errors"},
    "types": {"functional"},
    "errors": set(),
    "memory": {"errors"},
    "grid": {"errors", "memory"},
    "schedules": {"errors"},
    "files": {"errors"},
    "experiments": {"configs", "help"},
    "completion": {"configs", "help", "sweeps"},
    "help": set(),
    "waiting": set(),
    "interactive": {"cli", "types", "waiting"},
    "collect": {"help", "configs", "errors", "files"},
    "report": {
        "__version__",
        "configs",
        "waiting",
        "help",
        "collect",
        "errors",
        "experiments",
        "files",
        "report",
    },
    "sweeps": {"help", "collect", "configs", "errors", "files", "sweeps"},
    "features": CORE | {"features"},
    "named_functions": {"functional"},
    "world": CORE | {"features", "named_functions"},
    "bursts": CORE | {"world", "data"},  # data for its type only
    "strategies": {"errors"},
    "data": CORE | {"bursts", "features", "grid", "memory", "strategies", "world"},
    "checkpoints": {"errors", "files"},
    "runs": {"configs", "errors", "files"},
    "metrics": CORE | {"metrics"},
    "figures": CORE | {"figures", "metrics"},
    "claims": CORE | {"claims", "metrics"},
    "engine": {"engine", "errors", "functional"},
    "models": CORE
    | {
        "models",
        "engine",
        "metrics",
        "bursts",
        "checkpoints",
        "data",
        "named_functions",
        "grid",
        "memory",
        "schedules",
        "strategies",
        "world",
    },
    "callbacks": CORE
    | {"callbacks", "checkpoints", "claims", "figures", "files", "grid", "memory"}
    | {"configs", "metrics", "strategies", "waiting", "__version__"},
}
LIGHTNING = {"data", "models", "strategies", "callbacks", "checkpoints", "cli", "messages", "runs"}


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
    rooms = {name.split(".")[1] for name in names if name.startswith("toysuper.")}
    assert rooms <= ALLOWED.get(room(path), rooms)
    assert room(path) in LIGHTNING or not any("lightning" in name for name in names)
    assert not any("pyplot" in name for name in names)
