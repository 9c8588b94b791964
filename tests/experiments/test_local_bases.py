import torch

from tests._snapshots import replace, snapshot, verdicts
from toysuper.experiments.local_bases import claims


def test_each_set_of_ten_is_its_own_basis() -> None:
    one = torch.eye(10)
    turned = torch.linalg.qr(torch.randn(10, 10, generator=torch.Generator().manual_seed(0))).Q
    W = torch.cat([one, turned], 1)[None]
    good = snapshot(W, torch.zeros(1, 20), [0.05], "relu")
    good = replace(good, set_index=(torch.arange(20) // 10)[None])
    assert verdicts(claims(good)) == {"LOCAL": True}
    mixed = good.reorder_features(torch.arange(20).view(2, 10).T.flatten())
    mixed = replace(mixed, set_index=good.set_index)
    assert verdicts(claims(mixed)) == {"LOCAL": False}
