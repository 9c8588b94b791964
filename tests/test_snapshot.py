from dataclasses import replace

import pytest
import torch

from tests._run import data, fitted, fitted_module, snapshot_of
from toysuper.errors import UserError
from toysuper.models import ReLUOutputModel
from toysuper.snapshot import Snapshot


def snapshot() -> Snapshot:
    world = data(grid={"density": [1.0, 0.2], "seed": [0, 1, 2]})
    return snapshot_of(world, 5)


def test_best_keeps_the_least_held_out_loss_of_every_cell() -> None:
    record = snapshot()
    loss = torch.tensor([3.0, 1, 2, 5, 6, 4])[:, None].expand(6, 4)
    best = replace(record, loss=loss).best()
    assert [c["seed"] for c in best.coordinates] == [1, 2]
    assert [c["density"] for c in best.coordinates] == [1.0, 0.2]


def test_a_diverged_instance_is_never_the_best() -> None:
    record = snapshot()
    loss = torch.tensor([torch.nan, 1, 2, 5, torch.nan, 4])[:, None].expand(6, 4)
    best = replace(record, loss=loss).best()
    assert [c["seed"] for c in best.coordinates] == [1, 2]


def test_best_over_another_axis() -> None:
    assert [c["seed"] for c in snapshot().best(over="density").coordinates] == [0, 1, 2]


def test_pick_keeps_everything_together() -> None:
    record = snapshot()
    picked = record.pick([4, 0])
    assert picked.coordinates == (record.coordinates[4], record.coordinates[0])
    assert torch.equal(picked.W, record.W[[4, 0]])
    assert torch.equal(picked.density, record.density[[4, 0]])


def test_a_snapshot_is_a_copy() -> None:
    world = data()
    model = fitted(world, 2)
    record = model.snapshot(world)
    before = record.W.clone()
    model.W.data.zero_()
    assert torch.equal(record.W, before)
    assert not record.W.requires_grad


def test_it_says_briefly_what_it_is() -> None:
    assert repr(snapshot()) == "Snapshot(ReLUOutputModel, 6 instances, n=4, step=5)"


def test_the_best_model_needs_held_out_losses() -> None:
    world = data(grid={"seed": [0, 1]})
    record = fitted(world, 2).snapshot(world)
    assert not record.measured
    with pytest.raises(UserError, match="needs held-out losses, and none are measured"):
        record.best()
    assert len(record.pick([1]).best()) == 1, "where there is no choice there is a best"


def test_what_a_variant_has_not_is_one_sentence() -> None:
    class Deep(ReLUOutputModel):
        decoder = None

    world = data()
    record = Deep(4, world.grid, hidden=2).snapshot(world)
    with pytest.raises(UserError, match="Deep has no decoder; figures, metrics and claims of it"):
        _ = record.decoder
    assert record.forward(torch.ones(1, 4, 3)).shape == (1, 4, 3)


def test_replaced_weights_are_for_display_only() -> None:
    record = snapshot()
    shown = record.with_weights(encoder=2 * record.encoder)
    assert torch.equal(shown.encoder, 2 * record.encoder)
    assert torch.equal(shown.pick([3]).encoder, 2 * record.encoder[[3]])
    with pytest.raises(UserError, match="replaced weights, for display"):
        shown.forward(torch.ones(6, 4, 3))


def test_dimensions_that_no_instance_has_are_not_shown() -> None:
    world = data(grid={"hidden": [1, 3]})
    record = fitted(world, 2, hidden=3).snapshot(world)
    assert record.encoder.shape == (2, 3, 4) and record.hidden_sizes.tolist() == [1, 3]
    narrow = record.pick([0])
    assert narrow.encoder.shape == narrow.decoder.shape == (1, 1, 4)
    assert narrow.hidden_bias.shape == (1, 1)
    x = torch.ones(1, 4, 3)
    assert torch.equal(narrow.forward(x), record.forward(x.expand(2, -1, -1))[:1])


def test_one_snapshot_serves_a_moment() -> None:
    world = data()
    module = fitted_module(world, 2)
    moment = module.snapshot()
    assert module.snapshot().model is moment.model
    with torch.no_grad():
        module.variant.W.zero_()
    assert bool(moment.W.any()) and not bool(module.snapshot().W.any()), "a moment is frozen"
