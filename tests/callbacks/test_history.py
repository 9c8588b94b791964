import io
from pathlib import Path

import pytest
import torch
from lightning.pytorch import Callback
from lightning.pytorch.loggers import TensorBoardLogger
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests._run import data, module, trainer
from toysuper import figures
from toysuper.callbacks.figures import Figures
from toysuper.callbacks.history import History
from toysuper.callbacks.meshes import Meshes
from toysuper.errors import UserError
from toysuper.features import CorrelatedSets
from toysuper.figures.formats import gif, pixels
from toysuper.figures.space import mesh
from toysuper.functional.losses import expected_loss
from toysuper.functional.noise import Purpose
from toysuper.functional.spacing import log_spaced
from toysuper.models import ReLUOutputModel
from toysuper.snapshot import Snapshot
from toysuper.training.module import EnsembleModule

GRID = {"density": [0.5], "seed": [0, 1]}


def run(*callbacks, hidden: int = 2, path: Path | None = None):
    world = data(grid=GRID)
    model = module(world, hidden=hidden)
    logger = path and TensorBoardLogger(path, name="", version="", default_hp_metric=False)
    runner = trainer(20, callbacks=list(callbacks), logger=logger or False)
    runner.fit(model, world)
    return model, world


def steps_of(model: EnsembleModule) -> list[int]:
    return [moment.step for moment in model.history]


def test_steps_are_log_spaced_from_the_first_to_the_last() -> None:
    assert log_spaced(10_000, 5) == [1, 10, 100, 1000, 10_000]
    assert log_spaced(4, 100) == [1, 2, 3, 4]


def test_moments_are_at_the_start_and_at_log_spaced_steps() -> None:
    """Whatever the bursts (4 steps) and validations (every 10) are."""
    model, _ = run(History(5))
    assert steps_of(model) == [0, 1, 2, 4, 9, 20]
    snapshot = model.snapshot()
    assert torch.equal(snapshot.history[-1].W, snapshot.W)
    assert not torch.equal(snapshot.history[0].W, snapshot.history[1].W)


def test_looking_changes_nothing() -> None:
    watched, _ = run(History(10))
    alone, _ = run()
    assert torch.equal(watched.variant.W, alone.variant.W)
    assert torch.equal(watched.variant.b, alone.variant.b)
    assert not alone.history


def test_the_loss_of_a_moment_is_of_held_out_samples() -> None:
    model, world = run(History(3))
    batch = world.world(held_out=True)(0, Purpose.ANALYSIS)
    loss = expected_loss(model(batch.features), batch.target, batch.importance, batch.weight)
    torch.testing.assert_close(model.history[-1].loss.sum(-1), loss.detach())


def test_picked_instances_keep_their_history() -> None:
    model, _ = run(History(4))
    snapshot = model.snapshot().pick([1])
    for moment, whole in zip(snapshot.history, model.history, strict=True):
        assert torch.equal(moment.W[0], whole.W[1])
    order = torch.tensor([2, 0, 1, 3])
    turned = snapshot.reorder_features(order)
    assert torch.equal(turned.history[0].W, snapshot.history[0].W[..., order])


class Saving(Callback):
    takes_bursts = True

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_train_batch_end(self, runner, *_) -> None:
        if runner.global_step == 12:
            runner.save_checkpoint(self.path)


def test_a_resumed_run_has_the_whole_history(tmp_path: Path) -> None:
    straight, world = run(History(6), Saving(tmp_path / "half.ckpt"))
    resumed = module(world)
    half = str(tmp_path / "half.ckpt")
    trainer(20, callbacks=[History(6)]).fit(resumed, data(grid=GRID), ckpt_path=half)
    assert steps_of(resumed) == steps_of(straight)
    for a, b in zip(resumed.history, straight.history, strict=True):
        assert torch.equal(a.W, b.W) and torch.equal(a.loss, b.loss)


def test_an_evaluated_checkpoint_shows_its_history(tmp_path: Path) -> None:
    _, world = run(History(6), Saving(tmp_path / "half.ckpt"))
    model = module(world)
    half = str(tmp_path / "half.ckpt")
    trainer(20, callbacks=[History(6)]).validate(model, world, ckpt_path=half, verbose=False)
    assert steps_of(model) == [0, 1, 2, 3, 6, 11]


def test_a_history_needs_an_end() -> None:
    with pytest.raises(UserError, match="history needs an end"):
        trainer(-1, max_epochs=-1, callbacks=[History(3)]).fit(
            module(data(grid=GRID)), data(grid=GRID)
        )
    with pytest.raises(UserError, match=r"history\.num is -1"):
        History(-1)


def test_animations_show_the_history(tmp_path: Path) -> None:
    run(History(8), Figures(animate=[figures.directions_2d], frames=4), path=tmp_path)
    with Image.open(tmp_path / "figures" / "directions_2d.gif") as film:
        assert film.n_frames == 4 and film.format == "GIF"


def test_an_animation_without_a_history_is_a_warning(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="an animation needs a history"):
        run(Figures(animate=[figures.directions_2d]), path=tmp_path)
    assert not (tmp_path / "figures").exists()


def test_frames_are_in_order() -> None:
    model, _ = run(History(20))
    film = Image.open(
        io.BytesIO(gif([pixels(figures.directions_2d(model.history[k])) for k in (0, -1)], ""))
    )
    assert film.n_frames == 2


def test_three_dimensions_are_logged_as_meshes(tmp_path: Path) -> None:
    run(Meshes(), hidden=3, path=tmp_path)
    tags = EventAccumulator(str(tmp_path), size_guidance={"tensors": 0}).Reload().Tags()
    assert {tag for tag in tags["tensors"] if "polyhedron density=0.5" in tag}


def test_two_dimensions_have_no_mesh(tmp_path: Path) -> None:
    run(Meshes(), path=tmp_path)
    tags = EventAccumulator(str(tmp_path)).Reload().Tags()
    assert not any("polyhedron" in tag for tag in tags["tensors"])


def test_a_mesh_has_a_colour_for_each_vertex_and_outward_faces() -> None:
    world = data(n=6, features=CorrelatedSets(3))
    model = ReLUOutputModel(6, world.grid, hidden=3)
    with torch.no_grad():
        model.W.copy_(torch.cat([torch.eye(3), -torch.eye(3)], 1))
    snapshot: Snapshot = model.snapshot(world)
    parts = mesh(snapshot)
    assert parts["vertices"].shape == parts["colors"].shape == (1, 24, 3)
    assert parts["faces"].shape == (1, 8, 3)
    assert len(parts["colors"][0].unique(dim=0)) == 2
    for a, b, c in parts["vertices"][0][parts["faces"][0]]:
        assert float(torch.linalg.cross(b - a, c - a) @ (a + b + c)) > 0


def test_features_in_a_plane_are_a_cloud_of_points() -> None:
    world = data(n=6, features=CorrelatedSets(3))
    model = ReLUOutputModel(6, world.grid, hidden=3)
    model.W.data[:, 2] = 0
    parts = mesh(model.snapshot(world))
    assert parts["vertices"].shape == (1, 6, 3) and "faces" not in parts
