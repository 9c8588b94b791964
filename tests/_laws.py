"""The laws that every model obeys; each variant's test file calls them.

A law takes a model class and its arguments. It asserts bit for bit, in float64 on CPU.
"""

from typing import Any

import torch

from tests._run import data, fitted, fitted_module
from toysuper.functional.losses import feature_losses
from toysuper.functional.noise import Purpose
from toysuper.models import ToyModel

GRID = {"density": [1.0, 0.5, 0.2], "seed": [0, 1]}


def instances_do_not_see_each_other(model: type[ToyModel], **options: Any) -> None:
    """Training alone equals training in any grid, in any order of axes and values."""
    whole = fitted(data(grid=GRID), model=model, **options)
    alone = fitted(data(grid={"seed": [1], "density": [0.2]}), model=model, **options)
    turned = fitted(data(grid={"seed": [1, 0], "density": [0.2, 1.0]}), model=model, **options)
    for name, parameter in whole.named_parameters():
        assert torch.equal(parameter[5], alone.get_parameter(name)[0]), name
        assert torch.equal(parameter[5], turned.get_parameter(name)[0]), name
        assert not torch.equal(parameter[5], parameter[4]), f"{name}: seeds must differ"


def the_seed_decides(model: type[ToyModel], **options: Any) -> None:
    """Two runs agree bit for bit; another seed gives another run."""
    runs = [fitted(data(seed=seed), model=model, **options) for seed in (3, 3, 4)]
    first, again, other = ([p.detach() for p in run.parameters()] for run in runs)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def columns_are_samples(model: type[ToyModel], **options: Any) -> None:
    """Each column of the answer depends on its own column alone; instances lead."""
    world = data(grid=GRID)
    toy = model(world.n, world.grid, hidden=2, **options)
    x = world.world()(0, Purpose.TRAIN).features
    assert toy(x).shape == x.shape == (6, 4, 16)
    torch.testing.assert_close(toy(x[..., 3:5]), toy(x)[..., 3:5], rtol=0, atol=1e-14)


def an_expectation_is_a_weighted_set_of_columns(model: type[ToyModel], **options: Any) -> None:
    """A column of weight 2w counts like the same column twice with weight w."""
    world = data()
    toy = model(world.n, world.grid, hidden=2, **options)
    batch = world.world()(0, Purpose.TRAIN)
    weight = batch.weight.clone()
    weight[:, 0] *= 2
    twice = torch.cat([batch.features[..., :1], batch.features], -1)
    doubled = torch.full((1, 17), 1 / 16)
    a = feature_losses(toy(batch.features), batch.features, batch.importance, weight)
    b = feature_losses(toy(twice), twice, batch.importance, doubled)
    torch.testing.assert_close(a, b)


def the_snapshot_answers_like_the_model(model: type[ToyModel], **options: Any) -> None:
    """Whole, and for some of the instances."""
    world = data(grid=GRID)
    toy = fitted(world, model=model, **options)
    x = world.world()(0, Purpose.TEST).features
    record = toy.snapshot(world)
    assert torch.equal(record.forward(x), toy(x))
    assert torch.equal(record.pick([4, 1]).forward(x[[4, 1]]), toy(x)[[4, 1]])


def tied_weights_are_one_parameter(model: type[ToyModel], **options: Any) -> None:
    """One gradient, one optimiser state."""
    module = fitted_module(data(), model=model, **options)
    toy = module.variant
    assert {name for name, _ in toy.named_parameters()} == {"W", "b"}
    assert toy.encoder is toy.decoder is toy.W
    assert len(module.optimizers().state) == 2


ALL = [
    instances_do_not_see_each_other,
    the_seed_decides,
    columns_are_samples,
    an_expectation_is_a_weighted_set_of_columns,
    the_snapshot_answers_like_the_model,
]
