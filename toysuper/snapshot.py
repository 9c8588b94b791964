"""Snapshot: a frozen ensemble and what it was shown.

The vocabulary of shapes, in the whole package: ``inst`` instances, one toy model each; ``feat``
features, n; ``hidden`` hidden dimensions, m; ``batch`` samples, the last and contiguous dimension.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from toysuper.errors import UserError

Coordinates = Mapping[str, float | int | str]


@dataclass(frozen=True, repr=False)
class Snapshot:
    """A trained ensemble, frozen on CPU, and the world that it was shown.

    Args:
        model: a frozen copy of the variant.
        density: probability that a feature is active, ``(inst, feat)``.
        importance: weight of each feature's error, ``(inst, feat)``.
        loss: held-out expected squared error of each feature, weighted by importance,
            ``(inst, feat)``; NaN before any validation.
        set_index: the set that each feature is drawn with, ``(inst, feat)``.
        task: name of the target's function, for each instance.
        activation: name of the output's function, for each instance; empty where the variant names
            none.
        hidden_activation: the same of the hidden layer.
        coordinates: where each instance stands in the grid.
        step: optimiser steps behind the weights.
        history: earlier Snapshots of the same instances, where a
            :class:`~toysuper.callbacks.history.History` took them.
        sparse_uniform: whether features are independent and U[0, 1] when active.
        objective: held-out objective of each instance where it is not the expected squared error,
            ``(inst,)``.
        replaced: weights that stand for the model's own, see :meth:`with_weights`.
    """

    model: nn.Module
    density: Float[Tensor, "inst feat"]
    importance: Float[Tensor, "inst feat"]
    loss: Float[Tensor, "inst feat"]
    set_index: Int[Tensor, "inst feat"]
    task: tuple[str, ...]
    activation: tuple[str, ...]
    hidden_activation: tuple[str, ...]
    coordinates: tuple[Coordinates, ...]
    step: int = 0
    history: tuple[Snapshot, ...] = ()
    sparse_uniform: bool = True
    objective: Float[Tensor, " inst"] | None = None
    replaced: Mapping[str, Tensor] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.coordinates)

    def __repr__(self) -> str:
        n, kind = self.density.shape[1], type(self.model).__name__
        return f"Snapshot({kind}, {len(self)} instances, n={n}, step={self.step})"

    def forward(self, x: Float[Tensor, "#inst feat batch"]) -> Float[Tensor, "inst feat batch"]:
        """Compute the models' answers to features x.

        Raises:
            UserError: weights were replaced, so the model would not be the Snapshot's.
        """
        if self.replaced:
            raise UserError("this Snapshot has replaced weights, for display; it answers nothing")
        with torch.no_grad():
            return self.model(x.expand(len(self), -1, -1))

    @property
    def encoder(self) -> Float[Tensor, "inst hidden feat"]:
        """Weights from features to the hidden layer; the columns are the feature directions."""
        return self._weight("encoder")[:, : self._largest_hidden]

    @property
    def W(self) -> Float[Tensor, "inst hidden feat"]:
        """The paper's letter for the encoder."""
        return self.encoder

    @property
    def decoder(self) -> Float[Tensor, "inst hidden feat"]:
        """Weights from the hidden layer to the output, transposed."""
        return self._weight("decoder")[:, : self._largest_hidden]

    @property
    def bias(self) -> Float[Tensor, "inst feat"]:
        """Output bias."""
        return self._weight("bias")

    @property
    def hidden_bias(self) -> Float[Tensor, "inst hidden"]:
        """Bias of the hidden layer."""
        return self._weight("hidden_bias")[:, : self._largest_hidden]

    @property
    def hidden_sizes(self) -> Float[Tensor, " inst"]:
        """Hidden dimensions m of each instance; a grid axis ``hidden`` sets them."""
        default = int(self.model.hidden)  # type: ignore[arg-type]
        sizes = [float(cell.get("hidden", default)) for cell in self.coordinates]
        return torch.tensor(sizes, dtype=self.density.dtype)

    @property
    def reconstructs(self) -> Bool[Tensor, " inst"]:
        """Which instances are the paper's main model: tied, linear inside, made to answer x."""
        same = torch.isclose(self.encoder, self.decoder, rtol=0, atol=0, equal_nan=True)
        tied = same.all(-1).all(-1) & ~self.hidden_bias.any(-1)
        unknown = ("",) * len(self)
        names = zip(self.hidden_activation or unknown, self.task, strict=True)
        plain = [pair == ("identity", "identity") for pair in names]
        return tied & torch.tensor(plain, dtype=torch.bool)

    @property
    def diverged(self) -> Bool[Tensor, " inst"]:
        """Which instances hold a number that is not finite."""
        tensors = [p for p in self.model.parameters() if len(p) == len(self)]
        finite = torch.stack([t.flatten(1).isfinite().all(1) for t in tensors]).all(0)
        return ~finite | (~self.loss.isfinite().all(-1) & self.measured)

    @property
    def measured(self) -> bool:
        """Whether there are held-out losses."""
        return not bool(self.loss.isnan().all())

    def common_density(self) -> Float[Tensor, " inst"]:
        """The one density of each instance's features; NaN where features differ."""
        same = (self.density == self.density[:, :1]).all(-1)
        return torch.where(same, self.density[:, 0], torch.nan)

    def pick(self, instances: Sequence[int]) -> Snapshot:
        """Select instances, in the order of their indices here."""
        index, count = list(instances), len(self)

        def select(value: Any) -> Any:
            if isinstance(value, Tensor):
                return value[index]
            return tuple(value[i] for i in index)

        changes = {name: select(getattr(self, name)) for name in self._per_instance}
        return replace(
            self,
            **changes,
            model=map_tensors(self.model, lambda _, t: t[index] if len(t) == count else t),
            history=tuple(moment.pick(index) for moment in self.history),
            replaced={name: value[index] for name, value in self.replaced.items()},
        )

    def where(self, keep: Callable[[int], bool]) -> Snapshot:
        """Select the instances whose index passes ``keep``."""
        return self.pick([i for i in range(len(self)) if keep(i)])

    def without_diverged(self) -> Snapshot:
        """Select the instances that have not diverged."""
        diverged = self.diverged
        return self.where(lambda i: not diverged[i]) if diverged.any() else self

    def best(self, over: str = "seed") -> Snapshot:
        """Select, of the instances that differ only in one axis, the one with least held-out loss.

        The paper fits small models many times and keeps the best (section `Non-Uniform
        Superposition <https://transformer-circuits.pub/2022/toy_model/index.html#geometry>`_); the
        loss decides, never the look of the solution.

        Args:
            over: the axis.

        Raises:
            UserError: there is a choice but no held-out loss.
        """
        cells: dict[str, list[int]] = {}
        for i, coordinates in enumerate(self.coordinates):
            cell = str([(k, v) for k, v in coordinates.items() if k != over])
            cells.setdefault(cell, []).append(i)
        if len(cells) < len(self) and not self.measured:
            raise UserError("the best model needs held-out losses, and none are measured; validate")
        total = self.loss.sum(-1).nan_to_num(torch.inf)  # a diverged instance is never the best
        return self.pick([min(group, key=lambda i: float(total[i])) for group in cells.values()])

    def reorder_features(self, order: Tensor) -> Snapshot:
        """Put the features in another order, for display.

        Args:
            order: their indices, ``(feat,)``.
        """
        weights = {name: getattr(self, name)[..., order] for name in ("encoder", "decoder", "bias")}
        names = ("density", "importance", "loss", "set_index")
        snapshot = replace(self, **{name: getattr(self, name)[..., order] for name in names})
        history = tuple(moment.reorder_features(order) for moment in self.history)
        return replace(snapshot, history=history).with_weights(**weights)

    def with_weights(self, **weights: Tensor) -> Snapshot:
        """Show other weights in place of the model's own; such a Snapshot has no ``forward``.

        Args:
            weights: any of ``encoder``, ``decoder``, ``bias`` and ``hidden_bias``.
        """
        return replace(self, replaced={**self.replaced, **weights})

    @property
    def _per_instance(self) -> list[str]:
        """Fields that lead with the instances."""
        names = ["density", "importance", "loss", "set_index", "task", "coordinates"]
        optional = ("activation", "hidden_activation", "objective")
        return [*names, *(name for name in optional if getattr(self, name) not in ((), None))]

    @property
    def _largest_hidden(self) -> int | None:
        """Rows of the weights that some instance has; all without a grid axis ``hidden``."""
        sizes = [cell.get("hidden") for cell in self.coordinates]
        return None if None in sizes or not sizes else int(max(map(int, sizes)))  # type: ignore[arg-type]

    def _weight(self, name: str) -> Tensor:
        weight = self.replaced.get(name, getattr(self.model, name, None))
        if weight is None:
            kind = type(self.model).__name__
            raise UserError(f"{kind} has no {name}; figures, metrics and claims of it need one")
        return weight.detach()


def map_tensors(module: nn.Module, change: Callable[[str, Tensor], Tensor]) -> nn.Module:
    """Copy a module with changed parameters and buffers; all else is shared with the original.

    Args:
        module: any module.
        change: from the name and the tensor to the new tensor.

    >>> doubled = map_tensors(nn.Linear(1, 1), lambda name, tensor: torch.ones_like(tensor))
    >>> doubled(torch.ones(1, 1)).item()
    2.0
    """

    def copied(module: nn.Module, prefix: str) -> nn.Module:
        new = copy.copy(module)
        state = vars(new)
        state["_parameters"] = {
            name: p if p is None else nn.Parameter(change(prefix + name, p.detach()), False)
            for name, p in module._parameters.items()
        }
        state["_buffers"] = {
            name: b if b is None else change(prefix + name, b.detach())
            for name, b in module._buffers.items()
        }
        state["_modules"] = {
            name: m if m is None else copied(m, f"{prefix}{name}.")
            for name, m in module._modules.items()
        }
        return new

    return copied(module, "")
