"""The claims about the pentagon hold where models follow the branches and fail elsewhere."""

from functools import partial

import pytest
import torch

from tests._snapshots import joined, replace, snapshot, verdicts
from toysuper.errors import UserError
from toysuper.experiments.pentagon_to_digons.claims import crossing
from toysuper.experiments.pentagon_to_digons.measurement import classify, crossover_ratio
from toysuper.experiments.pentagon_to_digons.theory import branches
from toysuper.functional.polytopes import polygon
from toysuper.snapshot import Snapshot


def sweep(threshold: float, density: float = 0.05) -> Snapshot:
    """For each ratio a pentagon and two digons, whose losses change places at the threshold."""
    square = torch.zeros(2, 5)
    square[:, 1:] = polygon(4)
    W = torch.stack([polygon(5), square])
    parts = []
    for ratio in (0.1, 0.2, 0.25, 0.3, 0.5, 1.0, 10.0):
        p = torch.full((2, 5), density)
        p[:, 0] *= ratio
        low = int(ratio < threshold)
        loss = torch.tensor([[1.0], [0.5]] if low else [[0.5], [1.0]]).expand(2, 5)
        made = snapshot(W, torch.zeros(2, 5), [density] * 2, "relu")
        parts.append(replace(made, density=p, loss=loss))
    return joined(*parts)


def test_models_are_classified_by_what_they_represent() -> None:
    solutions = classify(sweep(0.28))
    assert solutions.pentagon.tolist() == [True, False] * 7
    assert solutions.digons.tolist() == [False, True] * 7
    torch.testing.assert_close(solutions.ratio[:2], torch.tensor([0.1, 0.1]))
    assert crossover_ratio(solutions) == pytest.approx((0.25 * 0.3) ** 0.5)


def test_the_crossover_is_where_the_exact_branches_cross(monkeypatch) -> None:
    coarse = partial(branches, low=0.2, high=0.6, num=5)  # seconds faster
    monkeypatch.setattr("toysuper.experiments.pentagon_to_digons.claims.branches", coarse)
    assert verdicts(crossing(sweep(0.28))) == {
        "PENTA exact p=0.05": True,
        "PENTA p=0.05": True,
        "PENTA exact p=0.1": True,
        "PENTA p=0.1": None,
    }
    for wrong in (0.15, 0.7, 0.01, 100.0):
        assert verdicts(crossing(sweep(wrong)))["PENTA p=0.05"] is False


def test_other_sizes_are_refused() -> None:
    with pytest.raises(UserError, match="five features in two dimensions"):
        classify(snapshot(torch.eye(2)[None], torch.zeros(1, 2), [0.1], "relu"))
