"""The records that flow through the project, and the shape vocabulary of all of it.

inst: instances, one toy model each. feat: features, n. hidden: hidden dimensions, m.
batch: samples, always the last and contiguous dimension.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import groupby
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from toysuper.names import PerInstanceFunction

Coordinates = Mapping[str, float | int | str]


class Batch(NamedTuple):
    """A weighted set of columns: what one step of the world shows.

    ``number`` counts the samples through all ranks, one further on at each step, for what shall
    differ from sample to sample and not depend on how a batch is shared out.
    """

    features: Float[Tensor, "inst feat batch"]
    target: Float[Tensor, "inst feat batch"]
    importance: Float[Tensor, "inst feat"]
    weight: Float[Tensor, "#inst batch"]
    number: Int[Tensor, " batch"]


@dataclass(frozen=True)
class Snapshot:
    """All that metrics, figures, claims and notebooks ever see of a trained ensemble.

    A detached CPU copy. ``activation``, ``hidden_activation`` and ``task`` (the target of
    the features) name one function per instance; ``coordinates`` says where each instance stands in
    the grid; ``loss`` is the held-out loss of each feature, importance-weighted (NaN before any
    validation); features that are drawn together share a number in ``sets``. ``history`` holds
    earlier Snapshots of the same instances, where a :class:`~toysuper.callbacks.History` took them.
    ``sparse_uniform`` says whether features are independent and U[0, 1] when active, as closed
    forms and attacks here suppose.
    """

    encoder: Float[Tensor, "inst hidden feat"]
    decoder: Float[Tensor, "inst hidden feat"]
    bias: Float[Tensor, "inst feat"]
    density: Float[Tensor, "inst feat"]
    importance: Float[Tensor, "inst feat"]
    loss: Float[Tensor, "inst feat"]
    sets: Int[Tensor, "inst feat"]
    hidden_bias: Float[Tensor, "inst hidden"]
    activation: tuple[str, ...]
    hidden_activation: tuple[str, ...]
    task: tuple[str, ...]
    coordinates: tuple[Coordinates, ...]
    step: int = 0
    history: tuple["Snapshot", ...] = ()
    sparse_uniform: bool = True

    def __len__(self) -> int:
        return len(self.coordinates)

    @property
    def W(self) -> Float[Tensor, "inst hidden feat"]:
        """The feature directions: the encoder's columns."""
        return self.encoder

    @property
    def dimensions(self) -> Float[Tensor, " inst"]:
        """Hidden dimensions m of each instance: a grid axis ``hidden`` leaves further rows zero."""
        given = [float(place.get("hidden", self.W.shape[1])) for place in self.coordinates]
        return torch.tensor(given, dtype=self.W.dtype)

    @property
    def reconstructs(self) -> Bool[Tensor, " inst"]:
        """Which instances are the paper's main model: tied, linear inside, made to answer x."""
        same = torch.isclose(self.encoder, self.decoder, rtol=0, atol=0, equal_nan=True)
        tied = same.all(-1).all(-1) & ~self.hidden_bias.any(-1)
        names = zip(self.hidden_activation, self.task, strict=True)
        plain = [pair == ("identity", "identity") for pair in names]
        return tied & torch.tensor(plain, dtype=torch.bool)

    def forward(self, x: Float[Tensor, "#inst feat batch"]) -> Float[Tensor, "inst feat batch"]:
        """What the trained models answer, g(decoder.T f(encoder x + hidden_bias) + bias)."""
        z = self.encoder @ x + self.hidden_bias[..., None]
        f = PerInstanceFunction(self.hidden_activation, "hidden_activation")
        g = PerInstanceFunction(self.activation, "activation")
        return g(self.decoder.mT @ f(z) + self.bias[..., None])

    def pick(self, instances: Sequence[int]) -> "Snapshot":
        """The same record for some of the instances, in the given order."""
        chosen: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Tensor):
                chosen[field.name] = value[list(instances)]
            elif field.name == "history":
                chosen[field.name] = tuple(moment.pick(instances) for moment in value)
            elif isinstance(value, tuple):
                chosen[field.name] = tuple(value[i] for i in instances)
        return replace(self, **chosen)._trimmed()

    def _trimmed(self) -> "Snapshot":
        """Without hidden dimensions that no instance has."""
        used = int(self.dimensions.max()) if len(self) else self.W.shape[1]
        names = ("encoder", "decoder", "hidden_bias") if used < self.W.shape[1] else ()
        return replace(self, **{name: getattr(self, name)[:, :used] for name in names})

    def features(self, order: Tensor) -> "Snapshot":
        """The same instances with their features in the given order."""
        chosen: dict[str, Any] = {
            field.name: getattr(self, field.name)[..., order]
            for field in fields(self)
            if isinstance(getattr(self, field.name), Tensor) and field.name != "hidden_bias"
        }
        chosen["history"] = tuple(moment.features(order) for moment in self.history)
        return replace(self, **chosen)

    def where(self, keep: Callable[[int], bool]) -> "Snapshot":
        """The instances whose index passes ``keep``."""
        return self.pick([i for i in range(len(self)) if keep(i)])

    def best(self, over: str = "seed") -> "Snapshot":
        """Of the instances that differ only in axis ``over``, the one with least held-out loss.

        The paper fits small models many times and keeps the best (section "Non-Uniform
        Superposition"); the loss decides, never the look of the solution.
        """
        total = self.loss.sum(-1).nan_to_num(torch.inf)  # a diverged instance is never the best

        def cell(i: int) -> str:
            return str([(k, v) for k, v in self.coordinates[i].items() if k != over])

        order = {name: rank for rank, name in enumerate(map(cell, range(len(self))))}
        grouped = groupby(sorted(range(len(self)), key=lambda i: order[cell(i)]), key=cell)
        return self.pick([min(group, key=lambda i: float(total[i])) for _, group in grouped])

    @property
    def diverged(self) -> Bool[Tensor, " inst"]:
        """Which instances hold a number that is not finite."""
        learnt = (self.encoder, self.decoder, self.bias, self.hidden_bias)
        finite = torch.stack([tensor.flatten(1).isfinite().all(1) for tensor in learnt]).all(0)
        measured = not self.loss.isnan().all()
        return ~finite | (~self.loss.isfinite().all(-1) & measured)

    def sound(self) -> "Snapshot":
        """The instances that have not diverged."""
        diverged = self.diverged
        return self.where(lambda i: not diverged[i]) if diverged.any() else self

    def common_density(self) -> Float[Tensor, " inst"]:
        """The one density of each instance's features; NaN where features differ."""
        same = (self.density == self.density[:, :1]).all(-1)
        return torch.where(same, self.density[:, 0], torch.nan)
