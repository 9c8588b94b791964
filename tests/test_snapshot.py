from dataclasses import replace

import torch

from tests._run import data, fitted, snapshot_of
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
