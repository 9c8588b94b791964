import torch

from tests._run import data, snapshot_of
from tests._snapshots import replace
from toysuper.features import CorrelatedSets
from toysuper.metrics.sets import across_cosine, cosines, set_angle, within_cosine


def test_angles_and_cosines_of_sets() -> None:
    world = data(features=CorrelatedSets(2), grid={"seed": [0, 1]})
    record = snapshot_of(world, 2)
    assert record.set_index.tolist() == [[0, 0, 1, 1]] * 2
    W = torch.tensor([[1.0, 0, -1, 1], [0.0, 2, 0, 1]])
    record = replace(record, encoder=torch.stack([W, W]))
    torch.testing.assert_close(set_angle(record), torch.tensor([[90.0, 135.0]] * 2))
    half = 0.5**0.5
    torch.testing.assert_close(within_cosine(record), torch.tensor([half / 2] * 2))
    assert cosines(record, within=False).shape == (2, 4)
    torch.testing.assert_close(across_cosine(record), torch.tensor([(1 + 0 + 2 * half) / 4] * 2))


def test_features_move_with_their_sets() -> None:
    world = data(features=CorrelatedSets(2))
    turned = snapshot_of(world, 2).reorder_features(torch.tensor([3, 0, 2, 1]))
    assert turned.set_index.tolist() == [[1, 0, 1, 0]]
