import torch

from tests._snapshots import replace, snapshot, verdicts
from toysuper.experiments.asymmetric_motif.claims import claims


def test_asymmetric_motif() -> None:
    inward = torch.tensor([[2.0, -0.5], [1.0, 0.0], [0.0, 1.0]])
    outward = torch.tensor([[0.5, 2.0], [0.0, -4.0], [0.0, 1.0]])
    made = snapshot(inward[None], torch.zeros(1, 2), [0.1], "relu")
    good = replace(made, decoder=outward[None], task=("abs",))
    assert verdicts(claims(good)) == {"MOTIF": True}
    alone = replace(good, decoder=outward.abs()[None])
    assert verdicts(claims(alone)) == {"MOTIF": False}
    dense = replace(good, density=torch.ones(1, 2))
    assert verdicts(claims(dense)) == {"MOTIF": None}
