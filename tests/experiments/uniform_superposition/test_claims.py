"""The claims hold where features form the paper's polytopes and fail on controls."""

import pytest
import torch
from torch import Tensor
from torchmetrics.functional import spearman_corrcoef

from tests._snapshots import TETRAHEDRON, replace, snapshot, unit_polygon, verdicts, with_weights
from toysuper.experiments.uniform_superposition.claims import attacks, components, plateaus
from toysuper.snapshot import Snapshot


def sums(*parts: Tensor) -> Tensor:
    """Polytopes in dimensions of their own, of 150 features in 20 dimensions."""
    W = torch.zeros(20, 150)
    block = torch.block_diag(*parts)
    W[: block.shape[0], : block.shape[1]] = block
    return W


def uniform(solid: Tensor, at_4: Tensor) -> Snapshot:
    """Equal features as the paper found them, from dense to sparse."""
    digons = sums(*[torch.tensor([[1.0, -1]])] * 20)
    pentagons = sums(*[unit_polygon(5)] * 10)
    many = torch.nn.functional.normalize(torch.randn(20, 143), dim=0)
    W = [torch.eye(20, 150), solid, digons, digons, at_4, pentagons]
    W += [sums(many[:, :100]), sums(many)]
    density = [1.0, 1 / 1.4, 1 / 2.6, 1 / 3.5, 1 / 4.1, 1 / 4.84, 0.1, 0.05]
    record = snapshot(torch.stack(W), torch.zeros(8, 150), density, "relu")
    return replace(record, loss=torch.full((8, 150), 130 / 12 / 150))  # as at p = 1


def test_dimensions() -> None:
    solid = sums(unit_polygon(3), unit_polygon(3), TETRAHEDRON, TETRAHEDRON)
    good = uniform(solid, sums(unit_polygon(5), *[torch.tensor([[1.0, -1]])] * 18))
    assert set(verdicts(plateaus(good)).values()) == {True}
    assert verdicts(components(good)) == {"GRAPH digons": True, "GRAPH pentagons": True}
    blurred = uniform(sums(unit_polygon(7)), sums(*[torch.tensor([[1.0, -1]])] * 20))
    blurred.encoder[2] = sums(unit_polygon(7))
    shrunk = with_weights(blurred, 0.8 * blurred.encoder, loss=2 * blurred.loss)
    assert set(verdicts(plateaus(shrunk)).values()) == {False}
    assert set(verdicts(components(shrunk)).values()) == {False}
    assert set(verdicts(components(good.pick([0]))).values()) == {None}
    assert set(verdicts(plateaus(good.pick([7]))).values()) == {None, True}


def test_dead_outputs_are_seen_in_the_loss() -> None:
    W = torch.eye(4)[:2][None]
    record = snapshot(W, torch.zeros(1, 4), [1.0], "relu")
    good = replace(record, loss=torch.tensor([[0.0, 0, 1 / 12, 1 / 12]]))
    assert verdicts(plateaus(good))["DSTAR loss"] is True
    dead = replace(record, loss=torch.tensor([[0.0, 0, 1 / 12, 1 / 3]]))
    assert verdicts(plateaus(dead))["DSTAR loss"] is False


ALONE = torch.tensor([[1.0, 0, 0, 0], [0, 0, 1, 0]]).double()


DIGONS = torch.tensor([[1.0, -1, 0, 0], [0, 0, 1, -1]]).double()


LONG = torch.tensor([[2.0, 0, 0, 0], [0, 0, 0, 0]]).double()


def two(dense: torch.Tensor, sparse: torch.Tensor) -> Snapshot:
    return snapshot(torch.stack([dense, sparse]), torch.zeros(2, 4), [1.0, 0.25], "relu")


def test_vulnerability_rises_with_features_per_dimension() -> None:
    assert verdicts(attacks(two(ALONE, 1.4 * DIGONS))) == {
        "ADV rise": True,
        "ADV follows": True,
    }
    assert verdicts(attacks(two(ALONE, 0.3 * DIGONS)))["ADV rise"] is False
    assert verdicts(attacks(two(1.1 * DIGONS, LONG)))["ADV follows"] is False
    assert verdicts(attacks(two(ALONE, DIGONS).pick([0]))) == {"ADV rise": None}


def test_the_rank_correlation_sees_order_only_and_averages_ties() -> None:
    a = torch.tensor([3.0, 1, 2, 5])
    assert float(spearman_corrcoef(a, a.exp())) == pytest.approx(1)
    assert float(spearman_corrcoef(a, -a)) == pytest.approx(-1)
    assert float(spearman_corrcoef(a, torch.tensor([3.0, 1, 5, 2]))) < 0.5
    tied = spearman_corrcoef(torch.tensor([1.0, 1, 2]), torch.tensor([1.0, 2, 3]))
    assert float(tied) == pytest.approx(0.75**0.5, abs=1e-5)  # Pearson's of the ranks 1.5, 1.5, 3
