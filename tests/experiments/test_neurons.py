"""Claims about neurons hold on the paper's solutions and fail on controls."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tests.experiments.test_claims import powers, snapshot, verdicts
from toysuper import claims
from toysuper.snapshot import Snapshot

MONO = torch.eye(5, 10)
CODE = MONO.clone()
CODE[3:] = 0
CODE[3:, 3:6] = torch.tensor([[0.9, -0.8, 0.8], [0.9, 0.9, -0.7]])
MIXED = torch.linalg.qr(torch.arange(1.0, 26).view(5, 5).sin()).Q @ MONO


def model(W: Tensor, density: float, hidden: str = "relu") -> Snapshot:
    made = snapshot(
        W[None], torch.zeros(1, 10), [density], "relu", importance=powers(0.75, 10)[None]
    )
    place = ({"density": density, "hidden_activation": hidden},)
    return replace(made, hidden_activation=(hidden,), coordinates=place)


def joined(*models: Snapshot) -> Snapshot:
    fields = vars(models[0])
    whole = {
        k: torch.cat([vars(m)[k] for m in models])
        for k, v in fields.items()
        if isinstance(v, Tensor)
    }
    names = ("activation", "hidden_activation", "task", "coordinates")
    return replace(models[0], **whole, **{k: sum((vars(m)[k] for m in models), ()) for k in names})


def test_privileged_bases() -> None:
    good = joined(model(MONO, 0.7), model(CODE, 0.3), model(MIXED, 0.7, "identity"))
    found = verdicts(claims.privileged_basis(good))
    assert found.pop("PRIV p=0.7") and found.pop("PRIV p=0.3") and found.pop("PRIV code")
    assert found.pop("PRIV-W") and found.pop("PRIV-W entropy")
    assert set(found.values()) == {None} and len(found) == 4  # densities that are not here


def test_privileged_bases_fail_on_controls() -> None:
    control = joined(model(MIXED, 0.7), model(MONO, 0.3), model(MONO, 0.7, "identity"))
    found = verdicts(claims.privileged_basis(control))
    for name in ("PRIV p=0.7", "PRIV p=0.3", "PRIV code", "PRIV-W", "PRIV-W entropy"):
        assert found[name] is False, name


def test_the_code_needs_its_signs() -> None:
    assert verdicts(claims.privileged_basis(model(CODE.abs(), 0.3)))["PRIV code"] is False


PAIRS = torch.cat([torch.eye(3), -torch.eye(3)])


def absolute(inward: Tensor, outward: Tensor, loss: float = 1e-6) -> Snapshot:
    made = snapshot(inward[None], torch.zeros(1, 3), [1.0], "relu", task=("abs",))
    return replace(made, decoder=outward[None], loss=torch.full((1, 3), loss))


def test_absolute_values() -> None:
    good = absolute(2 * PAIRS, 0.5 * PAIRS.abs())
    assert set(verdicts(claims.absolute_values(good)).values()) == {True}
    costly = absolute(PAIRS, PAIRS.abs(), loss=1e-3)
    assert verdicts(claims.absolute_values(costly))["ABS3 loss"] is False
    weak = absolute(PAIRS, 0.9 * PAIRS.abs())
    assert verdicts(claims.absolute_values(weak))["ABS3 products"] is False
    one_sided = absolute(PAIRS.abs(), PAIRS.abs())
    assert verdicts(claims.absolute_values(one_sided))["ABS3 neurons"] is False
    other = replace(good, task=("square",))
    assert set(verdicts(claims.absolute_values(other)).values()) == {None}


def sweep(shared: dict[float, int]) -> Snapshot:
    """Models of 40 neurons; that many, of the least important, have a second feature."""
    rows = torch.arange(40)
    W = torch.eye(40, 100).repeat(len(shared), 1, 1)
    for k, count in enumerate(shared.values()):
        W[k, rows[40 - count :], rows[40 - count :] + 40] = 0.4
    made = snapshot(W, torch.zeros(len(W), 100), list(shared), "relu", task=("abs",) * len(W))
    return replace(made, importance=powers(0.8, 100).expand(len(W), 100))


GOOD = {1.0: 0, 0.3: 1, 0.1: 20, 0.03: 36, 0.01: 39, 0.003: 40, 0.001: 40}


def test_absolute_sweep() -> None:
    assert set(verdicts(claims.absolute_sweep(sweep(GOOD))).values()) == {True}
    for p, count in ((1.0, 5), (0.03, 20), (0.003, 39)):
        found = verdicts(claims.absolute_sweep(sweep({**GOOD, p: count})))
        assert found[f"ABS100 p={p:g}"] is False
    alike = sweep(GOOD)
    alike = replace(alike, encoder=alike.encoder.flip(-2, -1), decoder=alike.decoder.flip(-2, -1))
    assert verdicts(claims.absolute_sweep(alike))["ABS100 first"] is False
    loud = replace(alike, encoder=alike.encoder.sign(), decoder=alike.decoder.sign())
    assert verdicts(claims.absolute_sweep(loud))["ABS100 primary"] is False
    turned = dict(zip(GOOD, reversed(GOOD.values()), strict=True))
    assert verdicts(claims.absolute_sweep(sweep(turned)))["ABS100 order"] is False


def test_computations() -> None:
    W = torch.cat([torch.eye(3)] * 2)[None].repeat(4, 1, 1)
    tasks = ("pair_max", "pair_and", "pair_xor", "square")
    made = snapshot(W, torch.zeros(4, 3), [0.5] * 4, "relu", task=tasks)
    made = replace(made, hidden_activation=("relu",) * 4)
    places = tuple({"task": task} for task in tasks)
    good = torch.tensor([1e-9, 1e-9, 1e-9, 1e-3])[:, None].expand(-1, 3)
    record = replace(made, coordinates=places, loss=good)
    assert set(verdicts(claims.computations(record)).values()) == {True}
    for wrong in (good.flip(0), torch.where(good < 1e-4, torch.nan, good * torch.inf)):
        found = verdicts(claims.computations(replace(record, loss=wrong)))
        assert set(found.values()) == {False}
    narrow = replace(record, encoder=W[:, :5], decoder=W[:, :5], hidden_bias=torch.zeros(4, 5))
    assert set(verdicts(claims.computations(narrow)).values()) == {None}


def test_asymmetric_motif() -> None:
    inward = torch.tensor([[2.0, -0.5], [1.0, 0.0], [0.0, 1.0]])
    outward = torch.tensor([[0.5, 2.0], [0.0, -4.0], [0.0, 1.0]])
    made = snapshot(inward[None], torch.zeros(1, 2), [0.1], "relu")
    good = replace(made, decoder=outward[None], task=("abs",))
    assert verdicts(claims.asymmetric_motif(good)) == {"MOTIF": True}
    alone = replace(good, decoder=outward.abs()[None])
    assert verdicts(claims.asymmetric_motif(alone)) == {"MOTIF": False}
    dense = replace(good, density=torch.ones(1, 2))
    assert verdicts(claims.asymmetric_motif(dense)) == {"MOTIF": None}


def priced(lengths: list[float], losses: list[float]) -> Snapshot:
    """Two antipodal pairs at a price of 0, then two features alone."""
    alone = torch.eye(2, 4)
    W = torch.stack([alone - alone.roll(2, 1), alone, alone])
    W = W * torch.tensor(lengths)[:, None, None] / W.square().sum((1, 2), keepdim=True).sqrt()
    W = W * 2**0.5
    made = snapshot(W, torch.zeros(len(W), 4), [0.1] * len(W), "relu")
    places = tuple({"l1": price} for price in (0.0, 0.1, 0.2)[: len(W)])
    return replace(made, coordinates=places, loss=torch.tensor(losses)[:, None].expand(-1, 4))


def test_no_superposition() -> None:
    good = priced([1.4, 1.2, 1.0], [0.1, 0.2, 0.3])
    assert verdicts(claims.no_superposition(good)) == {
        "L1": True,
        "L1 alone": True,
        "L1 loss": True,
    }
    stuck = priced([1.4, 1.4, 1.4], [0.1, 0.1, 0.1])
    assert verdicts(claims.no_superposition(stuck)) == {
        "L1": False,
        "L1 alone": True,
        "L1 loss": False,
    }
    never = priced([1.0, 1.0, 1.0], [0.1, 0.2, 0.3])
    assert verdicts(claims.no_superposition(never))["L1"] is False
    shared = replace(good, encoder=good.encoder[[0, 0, 0]], decoder=good.encoder[[0, 0, 0]])
    assert verdicts(claims.no_superposition(shared))["L1 alone"] is False


NEURONS = {
    "privileged_basis": joined(model(MONO, 0.7), model(CODE, 0.3), model(MIXED, 0.06)),
    "absolute_values": absolute(PAIRS, PAIRS.abs()),
    "absolute_sweep": sweep(GOOD),
    "no_superposition": priced([1.4, 1.2, 1.0], [0.1, 0.2, 0.3]),
}


@pytest.mark.parametrize("fill", [0.0, torch.nan, 1e-3])
@pytest.mark.parametrize("name", NEURONS)
def test_no_claim_holds_for_models_that_do_nothing(name: str, fill: float) -> None:
    good = NEURONS[name]
    dead = torch.full_like(good.encoder, fill)
    record = replace(good, encoder=dead, decoder=dead, loss=torch.full_like(good.loss, 0.1))
    found = verdicts(getattr(claims, name)(record))
    assert set(found.values()) <= {False, None}, found


@pytest.mark.parametrize(("loss", "holds"), [(1 / 12, True), (0.09, False), (0.04, False)])
def test_nonlinear_compression(loss: float, holds: bool) -> None:
    W = torch.tensor([[[1.0, 0.0]]])
    made = snapshot(W, torch.zeros(1, 2), [1.0], "identity")
    found = claims.nonlinear_compression(replace(made, loss=torch.tensor([[0.0, loss]])))
    assert verdicts(found) == {"NLC": True, "NLC linear": holds}


def test_compressed_sensing() -> None:
    """Two models that store as many features, at densities whose bounds are 1.9 or 13 apart."""
    W = torch.eye(4, 8).repeat(2, 1, 1)
    wide = torch.cat([W, W])
    for density, holds in ((0.08, True), (0.003, False)):
        made = snapshot(wide, torch.zeros(4, 8), [0.1, density] * 2, "relu")
        places = tuple({"density": p, "hidden": m} for m in (4, 3) for p in (0.1, density))
        assert verdicts(claims.compressed_sensing(replace(made, coordinates=places))) == {
            "CS": holds
        }
    one = snapshot(W, torch.zeros(2, 8), [0.1, 0.05], "relu")
    assert verdicts(claims.compressed_sensing(one)) == {"CS": None}
