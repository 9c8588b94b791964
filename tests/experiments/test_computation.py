import torch

from tests._snapshots import replace, snapshot, verdicts
from toysuper.experiments.computation import claims


def test_computations() -> None:
    W = torch.cat([torch.eye(3)] * 2)[None].repeat(4, 1, 1)
    tasks = ("pair_max", "pair_and", "pair_xor", "square")
    made = snapshot(W, torch.zeros(4, 3), [0.5] * 4, "relu", task=tasks)
    made = replace(made, hidden_activation=("relu",) * 4)
    coordinates = tuple({"task": task} for task in tasks)
    good = torch.tensor([1e-9, 1e-9, 1e-9, 1e-3])[:, None].expand(-1, 3)
    record = replace(made, coordinates=coordinates, loss=good)
    assert set(verdicts(claims(record)).values()) == {True}
    for wrong in (good.flip(0), torch.where(good < 1e-4, torch.nan, good * torch.inf)):
        found = verdicts(claims(replace(record, loss=wrong)))
        assert set(found.values()) == {False}
    narrow = replace(record, encoder=W[:, :5], decoder=W[:, :5], hidden_bias=torch.zeros(4, 5))
    assert set(verdicts(claims(narrow)).values()) == {None}
