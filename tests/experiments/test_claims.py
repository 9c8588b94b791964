"""Each claim holds on the solution that the paper describes and fails on a control."""

import math
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from toysuper import claims
from toysuper.claims.base import Claim, table
from toysuper.experiments.phase_change.claims import CONTOUR
from toysuper.experiments.phase_change.theory import prototype_losses
from toysuper.snapshot import Snapshot


def snapshot(W: Tensor, bias: Tensor, density: list[float], activation: str, **options) -> Snapshot:
    inst, _, feat = W.shape
    named = [{"density": p, "activation": activation} for p in density]
    record = Snapshot(
        encoder=W,
        decoder=W,
        bias=bias,
        density=torch.tensor(density)[:, None].expand(inst, feat),
        importance=torch.ones(inst, feat),
        loss=torch.zeros(inst, feat),
        sets=torch.arange(feat).expand(inst, feat),
        activation=(activation,) * inst,
        hidden_bias=torch.zeros(inst, W.shape[1]),
        hidden_activation=("identity",) * inst,
        task=("identity",) * inst,
        coordinates=tuple(named),
    )
    return replace(record, **options)


def with_weights(record: Snapshot, W: Tensor, **options) -> Snapshot:
    return replace(record, encoder=W, decoder=W, **options)


def verdicts(found: list[Claim]) -> dict[str, bool | None]:
    return {claim.name: claim.holds for claim in found}


def in_the_plane(degrees: list[float], size: int, length: float = 1.0) -> tuple[Tensor, Tensor]:
    """Weights at these angles, and sets of that size."""
    angle = torch.deg2rad(torch.tensor(degrees))
    W = length * torch.stack([angle.cos(), angle.sin()])[None]
    return W, (torch.arange(len(degrees)) // size)[None]


def five_in_two() -> Snapshot:
    angle = torch.arange(5) * 2 * math.pi / 5
    pentagon = 1.05 * torch.stack([angle.cos(), angle.sin()])
    square = torch.tensor([[1.0, -1, 0, 0, 0], [0, 0, 1, -1, 0]])
    dense = torch.eye(5)[:2]
    bias = torch.tensor([[0.0] * 5, [0.0] * 5, [-0.2] * 5])
    record = snapshot(torch.stack([dense, square, pentagon]), bias, [1.0, 0.2, 0.1], "relu")
    return replace(record, importance=powers(0.9, 5).expand(3, 5))


def powers(ratio: float, n: int) -> Tensor:
    return torch.tensor([ratio**i for i in range(n)])


def test_introduction() -> None:
    good = five_in_two()
    assert set(verdicts(claims.introduction(good)).values()) == {True}
    moved = with_weights(good, good.encoder[[1, 2, 0]])
    assert set(verdicts(claims.introduction(moved)).values()) == {False}
    assert verdicts(claims.introduction(good.pick([1]))) == {
        "INTRO p=1": None,
        "INTRO p=0.2": True,
        "INTRO p=0.1": None,
    }


def test_introduction_at_a_fifth_needs_two_disjoint_pairs_of_the_first_four() -> None:
    good = five_in_two().pick([1])
    three_to_one = torch.tensor([[1.0, -1, -1, 0, 0], [0, 0, 0, 1, 0]])[None]
    drops_the_first = good.encoder[..., [4, 0, 1, 2, 3]]
    for W in (three_to_one, drops_the_first):
        assert verdicts(claims.introduction(with_weights(good, W)))["INTRO p=0.2"] is False


def test_claims_are_silent_about_models_of_another_size() -> None:
    other = replace(five_in_two(), importance=torch.ones(3, 5))
    assert set(verdicts(claims.introduction(other)).values()) == {None}
    assert verdicts(claims.demo_a(other)) == {"DEMO-A": None}


def test_linear() -> None:
    W = torch.eye(4)[:2].expand(2, 2, 4)
    density = [1.0, 0.3]
    bias = torch.tensor([[0, 0, p / 2, p / 2] for p in density])
    good = snapshot(W, bias, density, "identity")
    assert verdicts(claims.linear(good)) == {"LIN loss": True, "LIN norms": True, "LIN bias": True}
    zero = snapshot(0 * W, 0 * bias, density, "identity")
    assert set(verdicts(claims.linear(zero)).values()) == {False}
    assert claims.linear(replace(good, activation=("relu",) * 2))[0].holds is None


def demonstration(counts: list[int], bias: float = -0.1) -> Snapshot:
    """The first ``count`` features stored; the first alone, the others sharing four dimensions."""
    density = [1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001]
    W = torch.zeros(7, 5, 20)
    W[:, 0, 0] = 1
    for k in range(1, 20):
        W[:, 1 + k % 4, k] = 1
    for i, count in enumerate(counts):
        W[i, :, count:] = 0
    record = snapshot(W, torch.full((7, 20), bias), density, "relu")
    return replace(record, importance=powers(0.7, 20).expand(7, 20))


def test_demonstration() -> None:
    good = demonstration([5, 7, 9, 10, 11, 13, 14])
    assert set(verdicts(claims.demo_a(good)).values()) == {True}
    falling = verdicts(claims.demo_a(demonstration([5, 7, 9, 10, 11, 13, 12])))
    assert falling["DEMO-A counts"] and not falling["DEMO-A order"]
    wrong = verdicts(claims.demo_a(demonstration([5] * 7, bias=0.0)))
    assert not wrong["DEMO-A counts"] and not wrong["DEMO-A bias"]
    shared = with_weights(good, good.encoder.roll(1, 1) + good.encoder)
    assert not verdicts(claims.demo_a(shared))["DEMO-A first"]


def test_invariance_tells_a_privileged_basis() -> None:
    good = five_in_two()
    assert verdicts(claims.invariance(good)) == {"INV": True}
    large = replace(good, encoder=30 * good.encoder.float(), decoder=30 * good.decoder.float())
    assert verdicts(claims.invariance(replace(large, bias=good.bias.float()))) == {"INV": True}
    privileged = replace(good, hidden_activation=("relu",) * 3)
    (claim,) = claims.invariance(privileged)
    assert claim.holds and claim.expected == "> 1e-2"
    pretending = replace(good, hidden_activation=("identity", "relu", "identity"))
    assert "changes" in claims.invariance(pretending)[0].statement


def test_sum_rule() -> None:
    equal = replace(five_in_two(), importance=torch.ones(3, 5))
    tight = verdicts(claims.sum_rule(equal))
    assert tight == {"SUMD bound": True, "SUMD tight": True}
    loose = torch.tensor([[[1.0, 0.5, 0.3], [0.0, 0.5, 0.9]]])
    record = snapshot(loose, torch.zeros(1, 3), [0.1], "relu")
    assert verdicts(claims.sum_rule(record)) == {"SUMD bound": True, "SUMD tight": False}
    assert verdicts(claims.sum_rule(replace(record, encoder=0 * loose)))["SUMD bound"] is False
    assert set(verdicts(claims.sum_rule(five_in_two()))) == {"SUMD bound"}


def test_decomposition() -> None:
    found = verdicts(claims.decomposition(five_in_two()))
    assert found == {"DECOMP sum": True, "DECOMP pentagon": True, "DECOMP digons": True}


def test_decomposition_sees_a_wrong_part(monkeypatch) -> None:
    """Leave out the interference of single features and the parts no longer add up."""
    from toysuper.experiments.loss_decomposition import theory as decomposition

    whole = decomposition.one_active
    monkeypatch.setattr(decomposition, "one_active", lambda *a: (whole(*a)[0], 0 * whole(*a)[1]))
    assert verdicts(claims.decomposition(five_in_two()))["DECOMP sum"] is False


def test_table_shows_failures_as_failures() -> None:
    rows = [Claim("A", "a", "1", "2", False), Claim("B", "b", "1", "", None)]
    assert "FAILS" in table(rows) and "not measured" in table(rows)


P, R = torch.logspace(0, -2, 24), torch.logspace(-1, 1, 24)
TWO = torch.tensor([[[1.0, 0]], [[0, 1.0]], [[1.0, -1]]])
THREE = torch.tensor(
    [
        [[1.0, 0, 0], [0, 1, 0]],
        [[0, 1.0, 0], [0, 0, 1]],
        [[1.0, 0, 0], [0, 1, -1]],
        [[1.0, -1, 0], [0, 0, 1]],
    ]
)


def phase_grid(prototypes: Tensor, copies: int = 3) -> Snapshot:
    """The best prototype in each cell, and linear models that keep the dearer feature."""
    n = prototypes.shape[2]
    losses = prototype_losses(n, P[:, None], R)
    best = losses.argmin(0)
    W = prototypes[best].flatten(0, 1).repeat_interleave(copies, 0)
    linear = prototypes[(R > 1).long().expand(24, 24)].flatten(0, 1)
    density = [*P.repeat_interleave(24 * copies).tolist(), *P.repeat_interleave(24).tolist()]
    relative = torch.cat([R.repeat_interleave(copies).repeat(24), R.repeat(24)])
    found = snapshot(torch.cat([W, linear]), torch.zeros(len(density), n), density, "relu")
    loss = torch.cat([losses.amin(0).flatten().repeat_interleave(copies), losses[0].flatten()])
    kinds = ("relu",) * len(W) + ("identity",) * len(linear)
    importance = torch.ones(len(density), n)
    importance[:, -1] = relative
    per_feature = loss[:, None] / n * torch.ones(1, n)
    return replace(found, importance=importance, loss=per_feature, activation=kinds)


def test_phases_hold_in_theory() -> None:
    for prototypes in (TWO, THREE):
        found = verdicts(claims.phases(phase_grid(prototypes)))
        assert set(found.values()) == {True} and len(found) == 4


def test_phases_fail_on_controls() -> None:
    good = phase_grid(TWO)
    dear = replace(good, loss=1.05 * good.loss)
    assert verdicts(claims.phases(dear))["PHASE loss"] is False
    swapped = with_weights(good, good.encoder.flip(-1))
    assert verdicts(claims.phases(swapped))["PHASE agreement"] is False
    red = with_weights(good, TWO[2].expand(len(good), 1, 2))
    assert verdicts(claims.phases(red))["PHASE control"] is False


def test_contours_are_those_of_the_optimum() -> None:
    """A norm that falls through 1/2 where the exact optimum's does, in steps of a cell."""
    r = torch.tensor([0.01, *CONTOUR, 1.0]).log()
    p = torch.tensor([0.09, *CONTOUR.values(), 0.6]).log().numpy()
    good = phase_grid(TWO)
    density = good.density[:, 0].log()

    def falling(relative: Tensor) -> Tensor:
        at = torch.tensor(np.interp(relative.log().numpy(), r.numpy(), p))
        return torch.sigmoid(5 * (at - density))

    relative = good.importance[:, 1]
    W = torch.stack([falling((1 / relative).clamp(max=1)), -falling(relative.clamp(max=1))], -1)
    trained = with_weights(good, W[:, None].float())
    assert verdicts(claims.phase_contours(trained)) == {"PHASE-E2": True, "PHASE-E2 mirror": True}
    shifted = replace(trained, density=1.25 * good.density)
    assert set(verdicts(claims.phase_contours(shifted)).values()) == {False}
    never = with_weights(good, TWO[2].expand(len(good), 1, 2))
    assert set(verdicts(claims.phase_contours(never)).values()) == {False}


def test_loss_surfaces() -> None:
    half = 0.5**0.5
    W = torch.tensor([[[half, half]], [[1.02, -1.03]]])
    good = snapshot(W, torch.zeros(2, 2), [1.0, 0.3], "relu")
    good = replace(good, loss=torch.tensor([[1 / 24, 1 / 24], [0.015, 0.015]]))
    assert set(verdicts(claims.loss_surfaces(good)).values()) == {True}
    turned = with_weights(good, W.flip(0))
    assert set(verdicts(claims.loss_surfaces(turned)).values()) == {False}
    biased = replace(good, bias=torch.ones(2, 2))
    assert set(verdicts(claims.loss_surfaces(biased)).values()) == {None}


def polygon(k: int) -> Tensor:
    angle = torch.arange(k) * 2 * math.pi / k
    return torch.stack([angle.cos(), angle.sin()])


TETRAHEDRON = torch.tensor([[1.0, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]]) / 3**0.5


def sums(*parts: Tensor) -> Tensor:
    """Polytopes in dimensions of their own, of 150 features in 20 dimensions."""
    W = torch.zeros(20, 150)
    block = torch.block_diag(*parts)
    W[: block.shape[0], : block.shape[1]] = block
    return W


def uniform(solid: Tensor, at_4: Tensor) -> Snapshot:
    """Equal features as the paper found them, from dense to sparse."""
    digons = sums(*[torch.tensor([[1.0, -1]])] * 20)
    pentagons = sums(*[polygon(5)] * 10)
    many = torch.nn.functional.normalize(torch.randn(20, 143), dim=0)
    W = [torch.eye(20, 150), solid, digons, digons, at_4, pentagons]
    W += [sums(many[:, :100]), sums(many)]
    density = [1.0, 1 / 1.4, 1 / 2.6, 1 / 3.5, 1 / 4.1, 1 / 4.84, 0.1, 0.05]
    record = snapshot(torch.stack(W), torch.zeros(8, 150), density, "relu")
    return replace(record, loss=torch.full((8, 150), 130 / 12 / 150))  # as at p = 1


def test_dimensions() -> None:
    solid = sums(polygon(3), polygon(3), TETRAHEDRON, TETRAHEDRON)
    good = uniform(solid, sums(polygon(5), *[torch.tensor([[1.0, -1]])] * 18))
    assert set(verdicts(claims.dimensions(good)).values()) == {True}
    assert verdicts(claims.graph(good)) == {"GRAPH digons": True, "GRAPH pentagons": True}
    blurred = uniform(sums(polygon(7)), sums(*[torch.tensor([[1.0, -1]])] * 20))
    blurred.encoder[2] = sums(polygon(7))
    shrunk = with_weights(blurred, 0.8 * blurred.encoder, loss=2 * blurred.loss)
    assert set(verdicts(claims.dimensions(shrunk)).values()) == {False}
    assert set(verdicts(claims.graph(shrunk)).values()) == {False}
    assert set(verdicts(claims.graph(good.pick([0]))).values()) == {None}
    assert set(verdicts(claims.dimensions(good.pick([7]))).values()) == {None, True}


def test_simplex() -> None:
    shared = torch.tensor([[1.0, -1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    W = torch.stack([TETRAHEDRON, shared])
    good = snapshot(W, torch.zeros(2, 4), [0.6, 0.3], "relu")
    assert set(verdicts(claims.simplex(good)).values()) == {True}
    turned = with_weights(good, W.flip(0))
    assert set(verdicts(claims.simplex(turned)).values()) == {False}
    assert set(verdicts(claims.simplex(five_in_two())).values()) == {None}


def pressed(noise: list[float]) -> Snapshot:
    """Digons whose lengths differ by so much, of 4, 8 and 16 features in two dimensions."""
    digons = torch.tensor([[1.0, -1, 0, 0], [0, 0, 1, -1]])
    W = torch.stack(
        [torch.cat([digons * torch.tensor([1, 1 - e, 1, 1]), torch.zeros(2, 12)], 1) for e in noise]
    )
    importance = torch.stack([(torch.arange(16) < n).double() for n in (4, 8, 16)])
    record = snapshot(W, torch.zeros(3, 16), [0.1] * 3, "relu")
    places = tuple({"density": 0.1, "importance": n} for n in (4, 8, 16))
    return replace(record, importance=importance, coordinates=places)


def test_pressure_makes_cleaner_polytopes() -> None:
    assert verdicts(claims.pressure(pressed([0.05, 0.02, 0.01]))) == {"PRESSURE p=0.1": True}
    assert verdicts(claims.pressure(pressed([0.01, 0.02, 0.05]))) == {"PRESSURE p=0.1": False}


def test_dead_outputs_are_seen_in_the_loss() -> None:
    W = torch.eye(4)[:2][None]
    record = snapshot(W, torch.zeros(1, 4), [1.0], "relu")
    good = replace(record, loss=torch.tensor([[0.0, 0, 1 / 12, 1 / 12]]))
    assert verdicts(claims.dimensions(good))["DSTAR loss"] is True
    dead = replace(record, loss=torch.tensor([[0.0, 0, 1 / 12, 1 / 3]]))
    assert verdicts(claims.dimensions(dead))["DSTAR loss"] is False
