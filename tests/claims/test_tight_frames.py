import torch

from tests._snapshots import five_in_two, replace, snapshot, verdicts
from toysuper.claims import sum_rule


def test_sum_rule() -> None:
    equal = replace(five_in_two(), importance=torch.ones(3, 5))
    tight = verdicts(sum_rule(equal))
    assert tight == {"SUMD bound": True, "SUMD tight": True}
    loose = torch.tensor([[[1.0, 0.5, 0.3], [0.0, 0.5, 0.9]]])
    record = snapshot(loose, torch.zeros(1, 3), [0.1], "relu")
    assert verdicts(sum_rule(record)) == {"SUMD bound": True, "SUMD tight": False}
    assert verdicts(sum_rule(replace(record, encoder=0 * loose)))["SUMD bound"] is False
    assert set(verdicts(sum_rule(five_in_two()))) == {"SUMD bound"}
