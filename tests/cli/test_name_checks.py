"""What a config names is made or passed only where it is listed; nothing else is called."""

import importlib
import pkgutil
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonargparse import Namespace
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import Callback
from matplotlib.figure import Figure

import toysuper.figures
from toysuper.cli.lightning import run
from toysuper.cli.messages import IMPORTABLE
from toysuper.cli.name_checks import check_named, is_permitted, list_named
from toysuper.cli.parser import BadArguments
from toysuper.cli.permitted_names import OPTIONS
from toysuper.errors import UserError
from toysuper.snapshot import Snapshot

CALLBACKS = """
BackboneFinetuning BaseFinetuning BasePredictionWriter BatchSizeFinder Callback Checkpoint
DeviceStatsMonitor EMAWeightAveraging EarlyStopping GradientAccumulationScheduler LambdaCallback
LearningRateFinder LearningRateMonitor ModelCheckpoint ModelPruning ModelSummary
OnExceptionCheckpoint ProgressBar RichModelSummary RichProgressBar SpikeDetection
StochasticWeightAveraging TQDMProgressBar ThroughputMonitor Timer WeightAveraging
About Checkpoints Claims Figures HParams History Meshes Predictions Projector SnapshotCallback
SnapshotMetrics StepProgressBar
"""
"""All that ``trainer.callbacks`` may name: Lightning's callbacks and ours."""


def modules(package: str) -> Iterator[Any]:
    root = importlib.import_module(package)
    yield root
    for info in pkgutil.walk_packages(getattr(root, "__path__", []), f"{package}."):
        if "__main__" in info.name:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                yield importlib.import_module(info.name)
            except Exception:  # it needs a library that is not here
                continue


def callables(packages: tuple[str, ...]) -> dict[str, Any]:
    return {
        f"{module.__name__}.{name}": value
        for package in packages
        for module in modules(package)
        for name, value in vars(module).items()
        if callable(value) and name.isidentifier()
    }


def names_at(name: str, found: dict[str, Any]) -> set[str]:
    return {value.__name__ for value in found.values() if OPTIONS[name].permits(value)}


@pytest.mark.slow
def test_each_callable_of_each_package_at_each_option() -> None:
    found = callables(IMPORTABLE)
    assert len(found) > 10_000
    assert names_at("trainer.callbacks", found) == {*CALLBACKS.split()}
    assert names_at("trainer.logger", found) == {"CSVLogger", "TensorBoardLogger"}
    for name, option in OPTIONS.items():
        for path, value in found.items():
            if option.permits(value):
                assert not isinstance(value, type) or issubclass(value, option.bases)
            else:
                for config in (Namespace(class_path=path), [value]):
                    assert not is_permitted(next(list_named(nest(name, config))))


def nest(option: str, value: Any) -> Namespace:
    section, key = option.split(".")
    return Namespace({section: Namespace({key: value})})


CALLED: list[Any] = []


def planted(*args: Any, **kwargs: Any) -> Any:
    CALLED.append((args, kwargs))


class Planted(Callback):
    def __init__(self, *args: Any) -> None:
        CALLED.append(args)


FORMS = (
    "{path}",
    "[{path}]",
    "{{class_path: {path}}}",
    "[{{class_path: {path}, init_args: {{}}}}]",
    "{{class_path: {path}, dict_kwargs: {{a: 1}}}}",
)


@pytest.mark.parametrize("option", [*OPTIONS, "about", "data.task", "trainer.max_steps"])
@pytest.mark.parametrize(
    "path",
    [
        "toysuper.figures.planted",
        pytest.param("toysuper.figures.Planted", marks=pytest.mark.slow),
    ],
)
def test_what_lies_in_an_allowed_package_is_not_called_for_that(
    option: str, path: str, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = path.rpartition(".")[2]
    value = type(name, (Planted,), {}) if name == "Planted" else planted
    monkeypatch.setattr(value, "__module__", "toysuper.figures")
    monkeypatch.setattr(toysuper.figures, name, value, raising=False)
    CALLED.clear()
    bases = OPTIONS[option].bases if option in OPTIONS else ()
    planted.__annotations__["return"] = bases[0] if bases else Any
    for form in FORMS:
        with pytest.raises((UserError, BadArguments, MisconfigurationException)):
            run(["fit", "--config=intro", f"--{option}={form.format(path=path)}"])
    assert CALLED == []


@pytest.mark.parametrize("path", ["stranger.x", "toysuper.__main__.main", "this.s", "stranger"])
@pytest.mark.parametrize("key", ["about", "data.grid", "trainer.logger", "model.variant"])
def test_no_other_module_is_imported(key: str, path: str, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "stranger.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    section, _, name = key.partition(".")
    inner = f"{{class_path: {path}, x: {{class_path: {path}}}}}"
    Path("theirs.yaml").write_text(f"{section}: {{{name or 'x'}: {inner}}}")
    with pytest.raises((UserError, BadArguments)) as error:
        run(["fit", "--config=intro", "--config=theirs.yaml"])
    assert "imported" not in str(error.value)
    assert not {"stranger", "this", "toysuper.__main__"} & sys.modules.keys()


def draws(snapshot: Snapshot) -> Figure:
    return Figure()


def test_the_control_a_permitted_function_is_passed_and_called(monkeypatch) -> None:
    monkeypatch.setattr(draws, "__module__", "toysuper.figures")
    assert OPTIONS["figures.draw"].permits(draws)
    assert not OPTIONS["claims.check"].permits(draws)
    assert not OPTIONS["figures.draw"].permits(lambda snapshot: Figure())
    with pytest.raises(UserError, match=r"mine.draws.* add --allow mine"):
        check_named(nest("figures.draw", [Namespace(class_path="mine.draws")]), own=["yours"])
    check_named(nest("figures.draw", [Namespace(class_path="mine.draws")]), own=["mine"])
