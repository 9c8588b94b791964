import torch

from tests._run import data
from toysuper.features import SparseUniform
from toysuper.functional import tasks
from toysuper.functional.noise import Purpose


def test_pairs_are_the_logic_of_zeros_and_ones() -> None:
    """Each feature with its neighbour; 4 features on a ring have all four combinations."""
    x = torch.tensor([[0.0], [0.0], [1.0], [1.0]])
    a, b = x.bool(), x.roll(-1, 0).bool()
    for task, logic in (
        (tasks.pair_max, torch.logical_or),
        (tasks.pair_and, torch.logical_and),
        (tasks.pair_xor, torch.logical_xor),
    ):
        assert torch.equal(task(x).bool(), logic(a, b)), task.__name__


def test_or_and_xor_are_one_relu_apart() -> None:
    x = torch.rand(2, 5, 7)
    torch.testing.assert_close(tasks.pair_max(x) - tasks.pair_and(x), tasks.pair_xor(x))


def test_each_instance_may_have_its_own_task() -> None:
    world = data(features=SparseUniform(signed=True), grid={"task": ["abs", "identity"]})
    batch = world.world()(0, Purpose.TRAIN)
    assert torch.equal(batch.target[0], batch.features[0].abs())
    assert torch.equal(batch.target[1], batch.features[1])
