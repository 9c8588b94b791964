"""A subclass of EnsembleModule may override any hook, as one of a LightningModule may."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import torch
from lightning.pytorch.callbacks import EarlyStopping, StochasticWeightAveraging
from torch.utils.data import DataLoader, TensorDataset

from tests._run import data, module, trainer
from toysuper.data import SyntheticData
from toysuper.errors import UserError
from toysuper.training.module import EnsembleModule

GRID = {"seed": [0, 1]}
HOOKS = (
    *("setup", "on_fit_start", "on_train_start", "on_validation_epoch_start"),
    *("on_validation_epoch_end", "on_save_checkpoint"),
)


def overriding(hook: str, calls_super: bool) -> type[EnsembleModule]:
    class Own(EnsembleModule):
        called = 0

    def own(self: Any, *args: Any, **kwargs: Any) -> None:
        self.called += 1
        if calls_super:
            getattr(super(kind, self), hook)(*args, **kwargs)

    own.__name__ = hook
    kind = type("Overriding", (Own,), {hook: own})
    return kind


def trained(kind: type[EnsembleModule], folder: Path) -> tuple[Any, dict[str, float], Path]:
    """The module, what it logged, and its checkpoint."""
    world = data(grid=GRID)
    own = kind(module(world).variant, jit=False)
    run, path = trainer(20), folder / "it.ckpt"
    run.fit(own, world)
    run.save_checkpoint(path)
    return own, {name: float(value) for name, value in run.callback_metrics.items()}, path


@cache
def base() -> tuple[Any, dict[str, float]]:
    """What no subclass changes."""
    with TemporaryDirectory() as folder:
        return trained(EnsembleModule, Path(folder))[:2]


@pytest.mark.parametrize("calls_super", [False, True])
@pytest.mark.parametrize("hook", HOOKS)
def test_the_work_of_the_base_is_done_once(hook: str, calls_super: bool, tmp_path: Path) -> None:
    plain, logged = base()
    own, seen, path = trained(overriding(hook, calls_super), tmp_path)
    assert own.called and seen == logged
    assert torch.equal(own.variant.W, plain.variant.W)
    world = data(grid=GRID)
    trainer(30).fit(module(world), world, ckpt_path=path, weights_only=True)


class Grandparent(EnsembleModule):
    said: tuple[str, ...] = ()

    def setup(self, stage: str) -> None:
        self.said += ("parent",)


class Grandchild(Grandparent):
    def setup(self, stage: str) -> None:
        super().setup(stage)
        self.said += ("child",)


class Silent(Grandparent):
    def setup(self, stage: str) -> None:
        self.said += ("silent",)


@pytest.mark.parametrize(
    ("kind", "said"), [(Grandchild, ("parent", "child")), (Silent, ("silent",))]
)
def test_between_subclasses_super_means_what_it_says(kind: Any, said: Any, tmp_path: Path) -> None:
    assert trained(kind, tmp_path)[0].said == said


@pytest.mark.parametrize("calls_super", [False, True])
@pytest.mark.parametrize("hook", ["setup", "on_validation_epoch_end", "on_save_checkpoint"])
def test_a_hook_may_come_from_a_mixin(hook: str, calls_super: bool, tmp_path: Path) -> None:
    class Extra:
        called = 0

    def own(self: Any, *args: Any, **kwargs: Any) -> None:
        self.called += 1
        if calls_super:
            getattr(super(Extra, self), hook)(*args, **kwargs)

    setattr(Extra, hook, own)
    kind = type("Mixed", (Extra, EnsembleModule), {})
    plain, logged = base()
    mixed, seen, path = trained(kind, tmp_path)
    assert mixed.called and seen == logged
    assert torch.equal(mixed.variant.W, plain.variant.W)
    world = data(grid=GRID)
    trainer(30).fit(module(world), world, ckpt_path=path, weights_only=True)


def test_a_hook_of_one_object_keeps_the_work(tmp_path: Path) -> None:
    class Own(EnsembleModule):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.on_validation_epoch_end = lambda: None

    assert trained(Own, tmp_path)[1] == base()[1]


def test_a_mixin_may_refuse_nothing(tmp_path: Path) -> None:
    class Extra:
        def setup(self, stage: str) -> None: ...

        def configure_callbacks(self) -> list[Any]:
            return []

        def configure_optimizers(self) -> Any:
            return torch.optim.LBFGS(self.parameters())  # type: ignore[attr-defined]

    class Mixed(Extra, EnsembleModule): ...

    world = data(grid=GRID)
    with pytest.raises(UserError, match=r"gradient_clip_val is 0\.5; set model\.clip"):
        trainer(gradient_clip_val=0.5).fit(Mixed(module(world).variant, jit=False), world)
    with pytest.raises(UserError, match="the optimiser LBFGS does not step"):
        trained(Mixed, tmp_path)


class Averaging(EnsembleModule):
    def configure_callbacks(self) -> Any:
        return [StochasticWeightAveraging(0.1, swa_epoch_start=1)]


class Logging(EnsembleModule):
    def configure_callbacks(self) -> Any:
        return [*super().configure_callbacks(), EarlyStopping("own", patience=1)]

    def on_validation_epoch_end(self) -> None:
        assert self.trainer.callback_metrics["train/loss"] > 0
        self.log("own", 1.0)


def test_callbacks_of_a_module_are_checked(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="StochasticWeightAveraging is refused"):
        trained(Averaging, tmp_path)
    assert trained(Logging, tmp_path)[1]["own"] == 1.0, "its monitor is its own number"


@pytest.mark.filterwarnings("ignore:You defined a `validation_step`")
def test_other_data_is_refused() -> None:
    world, pairs = data(grid=GRID), DataLoader(TensorDataset(torch.rand(4, 4)))
    for use in (trainer().fit, trainer().validate, trainer().predict):
        with pytest.raises(UserError, match="no other data than SyntheticData"):
            use(module(world), pairs)
    with pytest.raises(UserError, match=r"call SyntheticData\.world"):
        world.train_dataloader()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's compiler
def test_a_module_within_torch_compile_is_refused() -> None:
    world = data(grid=GRID)
    with pytest.raises(UserError, match=r"leave torch\.compile out"):
        trainer().fit(torch.compile(module(world)), world)


class Pairs(SyntheticData):
    def train_dataloader(self) -> Any:
        return DataLoader(TensorDataset(torch.rand(4, 4)))


def test_a_loader_of_other_data_is_refused() -> None:
    world = Pairs(n=4, grid=GRID)
    with pytest.raises(UserError, match=r"Pairs has a loader .* named by data\.features"):
        trainer().fit(module(world), world)
