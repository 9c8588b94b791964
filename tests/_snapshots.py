"""Snapshots of models with given weights, and the verdicts of claims about them."""

import math
from collections.abc import Callable
from dataclasses import fields
from dataclasses import replace as replace_fields
from typing import Any

import torch
from torch import Tensor, nn

from toysuper.claims import Claim
from toysuper.names import PerInstanceFunction
from toysuper.snapshot import Snapshot

TETRAHEDRON = torch.tensor([[1.0, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]]) / 3**0.5


WEIGHTS = ("encoder", "decoder", "bias", "hidden_bias")
NAMES = ("activation", "hidden_activation")


class FixedModel(nn.Module):
    """x' = g(decoderᵀ f(encoder x + hidden_bias) + bias) with weights and functions as they are."""

    def __init__(self, activation: tuple[str, ...], hidden_activation: tuple[str, ...]) -> None:
        super().__init__()
        self.f, self.g = PerInstanceFunction(hidden_activation), PerInstanceFunction(activation)

    @property
    def hidden(self) -> int:
        return self.W.shape[1]

    encoder = property(lambda self: self.W)
    decoder = property(lambda self: self.V)
    bias = property(lambda self: self.b)
    hidden_bias = property(lambda self: self.c)

    def forward(self, x: Tensor) -> Tensor:
        h = self.f(self.W @ x + self.c[..., None])
        return self.g(self.V.mT @ h + self.b[..., None])


def fixed_model(
    activation: tuple[str, ...], hidden_activation: tuple[str, ...], **weights: Tensor
) -> FixedModel:
    model = FixedModel(activation, hidden_activation)
    for name, weight in zip(("W", "V", "b", "c"), WEIGHTS, strict=True):
        setattr(model, name, nn.Parameter(weights[weight].clone(), requires_grad=False))
    return model


def replace(record: Snapshot, **changes: Any) -> Snapshot:
    """Change fields of a Snapshot; changed weights or functions make another model."""
    changed_weights = {name: changes.pop(name) for name in WEIGHTS if name in changes}
    if not changed_weights and not {*NAMES} & {*changes}:
        return replace_fields(record, **changes)
    weights = {name: getattr(record, name) for name in WEIGHTS} | changed_weights
    names = {name: changes.get(name, getattr(record, name)) for name in NAMES}
    return replace_fields(record, model=fixed_model(**names, **weights), replaced={}, **changes)


def with_forward(record: Snapshot) -> Snapshot:
    """A Snapshot whose model has the weights that the record shows."""
    return replace(record, encoder=record.encoder)


def snapshot(
    W: Tensor, bias: Tensor, density: list[float], activation: str, **options: Any
) -> Snapshot:
    """Make a Snapshot of tied weights ``(inst, hidden, feat)``, one density for each instance."""
    inst, _, feat = W.shape
    names = {"activation": (activation,) * inst, "hidden_activation": ("identity",) * inst}
    weights = {"encoder": W, "decoder": W, "bias": bias, "hidden_bias": torch.zeros(W.shape[:2])}
    record = Snapshot(
        model=fixed_model(**names, **weights),
        density=torch.tensor(density)[:, None].expand(inst, feat),
        importance=torch.ones(inst, feat),
        loss=torch.zeros(inst, feat),
        set_index=torch.arange(feat).expand(inst, feat),
        **names,
        task=("identity",) * inst,
        coordinates=tuple({"density": p, "activation": activation} for p in density),
    )
    return replace(record, **options)


def with_weights(record: Snapshot, W: Tensor, **options: Any) -> Snapshot:
    return replace(record, encoder=W, decoder=W, **options)


def joined(*records: Snapshot) -> Snapshot:
    """Concatenate the instances of several Snapshots."""
    parts: dict[str, Any] = {}
    for field in fields(records[0]):
        values = [getattr(record, field.name) for record in records]
        if isinstance(values[0], Tensor):
            parts[field.name] = torch.cat(values)
        elif field.name in (*NAMES, "task", "coordinates"):
            parts[field.name] = sum(values, ())
    parts |= {name: torch.cat([getattr(r, name) for r in records]) for name in WEIGHTS}
    return replace(records[0], **parts)


def powers(ratio: float, n: int) -> Tensor:
    return torch.tensor([ratio**i for i in range(n)])


def unit_polygon(k: int) -> Tensor:
    angle = torch.arange(k) * 2 * math.pi / k
    return torch.stack([angle.cos(), angle.sin()])


def at_angles(degrees: list[float], size: int, density: float, length: float = 1.0) -> Snapshot:
    """Make a model with features at these angles in the plane, in sets of ``size`` neighbours."""
    angle = torch.deg2rad(torch.tensor(degrees))
    W = length * torch.stack([angle.cos(), angle.sin()])[None]
    made = snapshot(W, torch.zeros(1, len(degrees)), [density], "relu")
    return replace(made, set_index=(torch.arange(len(degrees)) // size)[None])


def five_in_two() -> Snapshot:
    """The models of the introduction: orthogonal, two antipodal pairs, a pentagon."""
    square = torch.tensor([[1.0, -1, 0, 0, 0], [0, 0, 1, -1, 0]])
    W = torch.stack([torch.eye(5)[:2], square, 1.05 * unit_polygon(5)])
    bias = torch.tensor([[0.0] * 5, [0.0] * 5, [-0.2] * 5])
    record = snapshot(W, bias, [1.0, 0.2, 0.1], "relu")
    return replace(record, importance=powers(0.9, 5).expand(3, 5))


def verdicts(claims: list[Claim]) -> dict[str, bool | None]:
    return {claim.name: claim.holds for claim in claims}


def assert_fails_without_weights(
    check: Callable[[Snapshot], list[Claim]], good: Snapshot, fill: float
) -> None:
    """No claim holds for models whose weights are all the same and tiny, zero or NaN."""
    dead = torch.full_like(good.encoder, fill)
    record = with_weights(good, dead, loss=torch.full_like(good.loss, 0.1))
    found = verdicts(check(record))
    assert set(found.values()) <= {False, None}, found
