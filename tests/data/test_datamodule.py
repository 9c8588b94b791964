import pytest
import torch

from tests._run import data, module, trainer
from toysuper.data.curves import Geometric
from toysuper.data.datamodule import SyntheticData
from toysuper.errors import UserError
from toysuper.features import SparseUniform
from toysuper.functional.noise import Purpose
from toysuper.models import ReLUOutputModel
from toysuper.training.module import EnsembleModule


def test_axes_multiply_curves() -> None:
    world = data(
        importance=Geometric(0.5),
        density=0.5,
        grid={"density": [1.0, 0.2], "importance[-1]": [8.0]},
    ).world()
    torch.testing.assert_close(world.importance[1], torch.tensor([1.0, 0.5, 0.25, 1.0]))
    torch.testing.assert_close(world.density[1], torch.full((4,), 0.1))


def test_one_feature_may_be_denser() -> None:
    world = data(density=0.1, grid={"density[0]": [1.0, 5.0]}).world()
    torch.testing.assert_close(world.density[1], torch.tensor([0.5, 0.1, 0.1, 0.1]))


def test_some_features_may_differ() -> None:
    world = data(grid={"importance[2:]": [1.0, 0.0], "density[:-1]": [0.5]}).world()
    torch.testing.assert_close(world.importance[1], torch.tensor([1.0, 1.0, 0.0, 0.0]))
    torch.testing.assert_close(world.density[0], torch.tensor([0.5, 0.5, 0.5, 1.0]))


@pytest.mark.parametrize("axis", ["importance[9:]", "density[3:1]"])
def test_a_slice_of_no_feature_is_refused(axis: str) -> None:
    with pytest.raises(UserError, match="names none of the 4 features"):
        data(grid={axis: [1.0, 0.5]})


def test_training_validation_and_test_never_share_samples() -> None:
    world = data().world()
    seen = [world(0, purpose).features for purpose in (Purpose.TRAIN, Purpose.VAL, Purpose.TEST)]
    assert not any(torch.equal(a, b) for a, b in ((seen[0], seen[1]), (seen[1], seen[2])))


def test_seeds_share_held_out_samples_but_not_training_samples() -> None:
    synthetic = data(grid={"seed": [0, 1]})
    held_out = synthetic.world(held_out=True)(0, Purpose.VAL).features
    training = synthetic.world()(0, Purpose.TRAIN).features
    assert torch.equal(held_out[0], held_out[1])
    assert not torch.equal(training[0], training[1])


def test_ranks_share_out_the_batch() -> None:
    whole = data().world()(3, Purpose.TRAIN).features
    parts = [data().world(rank=r, ranks=2)(3, Purpose.TRAIN).features for r in range(2)]
    assert torch.equal(torch.cat(parts, -1), whole)


def test_task_makes_the_target() -> None:
    batch = data(task="abs", features=SparseUniform(signed=True)).world()(0, Purpose.TRAIN)
    assert torch.equal(batch.target, batch.features.abs())
    assert (batch.features < 0).any()


@pytest.mark.parametrize(("steps", "epoch", "burst"), [(20, 10, 4), (25, 10, 4), (7, 100, 3)])
def test_bursts_end_at_epochs_and_at_the_last_step(steps: int, epoch: int, burst: int) -> None:
    seen: list[tuple[int, int]] = []

    class Watched(EnsembleModule):
        takes_bursts = True

        def training_step(self, burst, index):
            seen.append((burst.start, burst.stop))
            return super().training_step(burst, index)

    world = data(epoch=epoch, burst=burst)
    variant = ReLUOutputModel(world.n, world.grid, hidden=2)
    trainer(steps).fit(Watched(variant, jit=False), world)
    assert [start for start, _ in seen] == [0, *(stop for _, stop in seen[:-1])]
    assert seen[-1][1] == steps
    assert all(stop - start <= burst for start, stop in seen)
    assert {stop for _, stop in seen} >= set(range(epoch, steps, epoch))


def test_validation_falls_on_epochs_and_on_the_end() -> None:
    at: list[int] = []

    class Watched(EnsembleModule):
        takes_bursts = True

        def on_validation_epoch_start(self):
            at.append(self.trainer.global_step)
            super().on_validation_epoch_start()

    run = trainer(25)
    world = data()
    run.fit(Watched(ReLUOutputModel(world.n, world.grid, hidden=2), jit=False), world)
    assert run.global_step == 25
    assert at == [10, 20, 25]


BAD = {
    r"density of feature 0 is -0.1": {"density": -0.1},
    r"density of feature 0 is 1.5": {"density": 1.5},
    r"density of feature 0 is 0;": {"density": 0.0},
    r"density of feature 2 is nan": {"density": [1.0, 1.0, float("nan"), 1.0]},
    r"importance of feature 0 is nan": {"importance": float("nan")},
    r"importance of feature 0 is -1": {"importance": -1.0},
    r"importance of feature 0 is inf": {"importance": float("inf")},
    r"data.importance has 2 values; it needs one for each of n=4": {"importance": [1.0, 2.0]},
    r"data.n is 0": {"n": 0},
    r"data.batch_size is 0": {"batch_size": 0},
    r"density of feature 0 is 2": {"grid": {"density": [2.0]}},
    r"'density\[9\]' names a feature outside the 4": {"grid": {"density[9]": [0.5]}},
    r"holds 'high'; it must hold numbers": {"grid": {"density": ["high"]}},
    r"task 'abss' is not a function": {"task": "abss"},
    r"task 'cumsum' does not take one tensor": {"task": "cumsum"},
    r"task 'mean' returns the shape \(\) for features \(2, 4, 3\); a target": {"task": "mean"},
    r"task 'diff' returns the shape \(2, 4, 2\) for features": {"task": "diff"},
    r"task 'frexp' returns a frexp; it must return a float": {"task": "frexp"},
    r"task 'signbit' returns a torch.bool": {"task": "signbit"},
    r"task 'abs_' changes its argument": {"task": "abs_"},
    r"task '\.\./mine\.abs' is not a function": {"task": "../mine.abs"},
    r"task 'torch\.Tensor' is not a function": {"task": "torch.Tensor"},
    r"task '\.abs' is not a function": {"task": ".abs"},
    r"task 'Tensor' is not a function": {"task": "Tensor"},
    r"task is 3; give the name of a function": {"grid": {"task": [3]}},
    r"task 'rand_like' mixes samples or instances, or is random": {"task": "rand_like"},
    r"task 'flipud' mixes samples or instances": {"task": "flipud"},
    r"task 'matmul' does not take one tensor": {"task": "matmul"},
    r"holds 0\.5; a seed is a whole": {"grid": {"seed": [0.5]}},
}


@pytest.mark.parametrize("sentence", BAD)
def test_bad_values_get_one_sentence(sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        data(**BAD[sentence]).world()


@pytest.mark.parametrize("option", [{"check_val_every_n_epoch": 3}, {"val_check_interval": 0.5}])
def test_validations_are_placed_by_the_data_alone(option: dict) -> None:
    world = data()
    model = module(world)
    with pytest.raises(UserError, match=r"set data\.epoch"):
        trainer(20, **option).fit(model, world)


def test_uneven_ranks_are_refused() -> None:
    with pytest.raises(UserError, match="16 samples do not split over 3 ranks"):
        data().world(ranks=3)


def test_defaults_are_the_authors() -> None:
    assert SyntheticData(n=5).batch_size == 1024
