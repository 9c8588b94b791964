"""An optimiser is one that steps from gradients alone and keeps instances apart."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import optim

from tests._run import data, fitted, module, trainer
from toysuper.errors import UserError
from toysuper.training.module import EnsembleModule

SEPARATE = ("Adam", "AdamW", "SGD", "RMSprop", "Adagrad", "NAdam", "RAdam", "Adadelta", "Rprop")
REFUSED = {
    "Adafactor": "couples the instances",
    "LBFGS": "does not step from gradients alone .*closure",
    "SparseAdam": "does not step from gradients alone .*dense gradients",
    "Muon": "cannot be made",
}


@pytest.mark.parametrize("name", [*SEPARATE, *REFUSED])
def test_optimisers_keep_instances_apart(name: str) -> None:
    """A model trained beside a wild one is the model trained alone, or the optimiser refused."""
    optimizer = getattr(torch.optim, name)
    grid = {"importance": [1.0, 100.0]}
    if name in REFUSED:
        with pytest.raises(UserError, match=f"model.optimizer {REFUSED[name]}|{REFUSED[name]}"):
            fitted(data(grid=grid), 5, optimizer=optimizer)
        return
    both = fitted(data(grid=grid), 20, optimizer=optimizer)
    alone = fitted(data(grid={"importance": [1.0]}), 20, optimizer=optimizer)
    torch.testing.assert_close(both.W[:1], alone.W, rtol=1e-12, atol=0)


def given(make: Callable[[list[Any]], Any], steps: int = 5) -> EnsembleModule:
    """Trained with what an own configure_optimizers gives."""

    class Own(EnsembleModule):
        def configure_optimizers(self) -> Any:
            return make(list(self.parameters()))

    world = data(grid={"seed": [0, 1]})
    own = Own(module(world).variant, jit=False)
    trainer(steps).fit(own, world)
    return own


class Around(optim.SGD):
    """An optimiser that holds another, and so cannot be made from its options."""

    def __init__(self, parameters: Any, base: type[optim.Optimizer], **options: Any) -> None:
        super().__init__(parameters, **options)
        self.base = base


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (optim.LBFGS, r"the optimiser LBFGS does not step from gradients alone"),
        (lambda p: [optim.Adafactor(p)], r"the optimiser Adafactor couples the instances"),
        (lambda p: (optim.SGD(p[:1]), optim.SGD(p[1:])), r"gives 2 optimisers; give one"),
        (
            lambda p: {"optimizer": optim.SGD(p), "lr_scheduler": {"scheduler": None}},
            r"gives None as lr_scheduler; leave the key out",
        ),
        (
            lambda p: {"optimizer": optim.SGD(p), "lr_scheduler": None},
            r"gives None as lr_scheduler; leave the key out",
        ),
    ],
)
def test_an_optimiser_of_ones_own_is_checked(make: Any, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        given(make)


@pytest.mark.parametrize(
    "make",
    [
        lambda p: optim.AdamW(p, lr=1e-3, weight_decay=0.01),
        lambda p: [optim.AdamW([{"params": p[:1]}, {"params": p[1:]}])],
        lambda p: {"optimizer": optim.AdamW(p)},
    ],
)
def test_an_optimiser_of_ones_own_trains_like_the_configured_one(make: Any) -> None:
    plain = fitted(data(grid={"seed": [0, 1]}), 5)
    torch.testing.assert_close(given(make).variant.W, plain.W, rtol=1e-12, atol=0)


def test_an_optimiser_around_another_trains() -> None:
    plain = given(lambda p: optim.SGD(p, lr=0.1)).variant
    own = given(lambda p: Around(p, optim.SGD, lr=0.1)).variant
    assert torch.equal(own.W, plain.W)


@pytest.mark.filterwarnings("ignore:.*returned `None`")
def test_without_an_optimiser_weights_stay() -> None:
    untrained = module(data(grid={"seed": [0, 1]})).variant
    assert torch.equal(given(lambda _: None, steps=20).variant.W, untrained.W)
