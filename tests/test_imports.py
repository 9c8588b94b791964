"""Imports point one way: each room imports only rooms that stand before it."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "toysuper"
ORDER = (
    *("__init__", "errors", "functional", "names", "snapshot", "features", "data", "models"),
    *("objectives", "engine", "metrics", "figures", "claims", "experiments", "runs"),
    *("training", "callbacks", "cli", "python", "__main__"),
)
LIGHTNING = {"data", "training", "callbacks", "runs", "cli"}
MODULES = sorted(PACKAGE.rglob("*.py"))


def dotted(path: Path) -> str:
    parts = ("toysuper", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts).removesuffix(".__init__")


def imported(path: Path) -> set[str]:
    """Modules and names, those for types only included."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def rooms_of(names: set[str]) -> set[str]:
    rooms = {name.split(".")[1] for name in names if name.startswith("toysuper.")}
    return {name if name in ORDER else "__init__" for name in rooms}  # toysuper.__version__


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_imports_point_one_way(path: Path) -> None:
    names = imported(path)
    before = ORDER[: ORDER.index(room(path)) + 1]
    assert rooms_of(names) <= {*before} - ({"experiments"} - {room(path)})
    assert room(path) in LIGHTNING or not any(name.startswith("lightning") for name in names)
    assert not any("pyplot" in name for name in names)


def test_every_room_has_its_place() -> None:
    assert {room(path) for path in MODULES} == {*ORDER}


def test_no_module_imports_itself_by_way_of_others() -> None:
    """No cycle, those of types only included."""
    names = {dotted(path) for path in MODULES}
    edges = {dotted(path): {_module(name, names) for name in imported(path)} for path in MODULES}
    done: set[str] = set()
    while ready := {name for name in names - done if edges[name] & names <= done | {name}}:
        done |= ready
    assert done == names


def _module(name: str, names: set[str]) -> str:
    """The module that an import of a name loads."""
    return name if name in names else name.rpartition(".")[0]
