from tests._snapshots import five_in_two, replace, verdicts
from toysuper.claims import invariance


def test_invariance_tells_a_privileged_basis() -> None:
    good = five_in_two()
    assert verdicts(invariance(good)) == {"INV": True}
    large = replace(good, encoder=30 * good.encoder.float(), decoder=30 * good.decoder.float())
    assert verdicts(invariance(replace(large, bias=good.bias.float()))) == {"INV": True}
    privileged = replace(good, hidden_activation=("relu",) * 3)
    (claim,) = invariance(privileged)
    assert claim.holds and claim.expected == "> 1e-2"
    pretending = replace(good, hidden_activation=("identity", "relu", "identity"))
    assert "changes" in invariance(pretending)[0].statement
    assert verdicts(invariance(replace(good, hidden_activation=()))) == {"INV": None}
