"""The claims hold on the paper's solutions and fail on controls."""

import torch

from tests._snapshots import five_in_two, replace, verdicts, with_weights
from toysuper.experiments.intro import claims


def test_introduction() -> None:
    good = five_in_two()
    assert set(verdicts(claims(good)).values()) == {True}
    moved = with_weights(good, good.encoder[[1, 2, 0]])
    assert set(verdicts(claims(moved)).values()) == {False}
    assert verdicts(claims(good.pick([1]))) == {
        "INTRO p=1": None,
        "INTRO p=0.2": True,
        "INTRO p=0.1": None,
    }


def test_introduction_at_a_fifth_needs_two_disjoint_pairs_of_the_first_four() -> None:
    good = five_in_two().pick([1])
    three_to_one = torch.tensor([[1.0, -1, -1, 0, 0], [0, 0, 0, 1, 0]])[None]
    drops_the_first = good.encoder[..., [4, 0, 1, 2, 3]]
    for W in (three_to_one, drops_the_first):
        assert verdicts(claims(with_weights(good, W)))["INTRO p=0.2"] is False


def test_claims_are_silent_about_models_of_another_size() -> None:
    other = replace(five_in_two(), importance=torch.ones(3, 5))
    assert set(verdicts(claims(other)).values()) == {None}
