"""Names that a reader, a config or an import may mistake for another."""

import ast
import importlib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "toysuper"
PACKAGES = sorted(path.parent for path in PACKAGE.rglob("__init__.py"))


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


@pytest.mark.parametrize("folder", PACKAGES, ids=dotted)
def test_no_public_name_hides_a_module(folder: Path) -> None:
    """``package.name`` is the module ``name.py`` wherever there is one."""
    package = importlib.import_module(dotted(folder))
    for path in folder.iterdir():
        is_module = path.suffix == ".py" or (path / "__init__.py").exists()
        if is_module and not path.name.startswith("__"):
            module = importlib.import_module(dotted(path))
            assert getattr(package, path.stem) is module, dotted(path)


def test_an_experiment_may_be_deleted() -> None:
    """No module of the library imports the experiments, and no test outside their folder does."""
    tests = Path(__file__).parent
    for root in (PACKAGE, tests):
        for path in root.rglob("*.py"):
            if "experiments" not in path.relative_to(root).parts:
                assert not any("toysuper.experiments" in name for name in imported(path)), path


def imported(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names
