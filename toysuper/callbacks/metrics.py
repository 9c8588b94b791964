"""Metrics of the Snapshot into scalars and histograms."""

from collections.abc import Callable, Sequence
from math import isfinite

import torch
from lightning.pytorch import Trainer
from torch import Tensor

from toysuper import metrics as measure
from toysuper.callbacks.base import SnapshotCallback, attempt, chosen, writers
from toysuper.callbacks.front_page import layout
from toysuper.data.grid import in_words
from toysuper.snapshot import Coordinates, Snapshot

DEFAULT = (
    measure.held_out_loss,
    measure.linear_optimum_loss,
    measure.represented,
    measure.mean_superposition,
    measure.superposition,
    measure.dimensionality,
    measure.dimensions_per_feature,
    measure.total_dimensionality,
)
NEURONS = (
    measure.monosemantic,
    measure.polysemantic,
    measure.monosemantic_fraction,
    measure.participation_ratio,
    measure.polysemanticity_entropy,
)
QUANTILES = (0.1, 0.5, 0.9)


class SnapshotMetrics(SnapshotCallback):
    """Logs functions of the Snapshot at every validation.

    A metric with a value per feature, or per neuron, becomes a histogram. One with a value per
    instance becomes scalars: a tag per instance where there are few, else quantiles over the
    ensemble and means, a tag per cell with its seeds together, or per value of the first axis.

    Args:
        measure: functions from a Snapshot to ``(inst,)``, ``(inst, feat)`` or ``(inst, hidden)``;
            without, the usual ones, and those of neurons where there are some.
        most: most means that one metric may have.
    """

    def __init__(self, measure: list[Callable] | None = None, most: int = 32) -> None:
        self.measure = measure
        self.most = most
        self.coordinates: Sequence[Coordinates] = ()
        self.places: dict[str, list[int]] = {}

    def during(self, trainer: Trainer, snapshot: Snapshot) -> None:
        """Measure and log."""
        if self.coordinates != snapshot.coordinates:
            self._lay_out(trainer, snapshot)
        for function in chosen(self.measure, DEFAULT, NEURONS, snapshot):
            name, values = function.__name__, attempt(function, snapshot, Tensor)
            if values is None:
                continue
            if values.ndim == 2:
                self._histogram(trainer, name, values, snapshot.step)
                continue
            for logger in trainer.loggers:
                logger.log_metrics(self.scalars(name, values, snapshot), snapshot.step)

    def scalars(self, name: str, values: Tensor, snapshot: Snapshot) -> dict[str, float]:
        """The tags of one metric and their values."""
        shared = self._tags(snapshot).items()
        means = {f"{name}/{tag}": float(values[of].mean()) for tag, of in shared}
        if len(means) == len(values) or not values.isfinite().all():
            return {tag: mean for tag, mean in means.items() if isfinite(mean)}
        quantiles = values.double().quantile(torch.tensor(QUANTILES, dtype=torch.float64))
        return means | {
            f"{name}/q{q:g}": float(v) for q, v in zip(QUANTILES, quantiles, strict=True)
        }

    def _lay_out(self, trainer: Trainer, snapshot: Snapshot) -> None:
        floors = bool(measure.linear_optimum_loss(snapshot).isfinite().any())
        for writer in writers(trainer, "add_custom_scalars"):
            writer.add_custom_scalars(layout(self._tags(snapshot), floors))

    def _tags(self, snapshot: Snapshot) -> dict[str, list[int]]:
        """Who shares a tag, looked for once."""
        if self.coordinates != snapshot.coordinates:
            self.coordinates = snapshot.coordinates
            self.places = _places(snapshot.coordinates, self.most)
        return self.places

    def _histogram(self, trainer: Trainer, name: str, values: Tensor, step: int) -> None:
        if values.isfinite().all():
            for writer in writers(trainer, "add_histogram"):
                writer.add_histogram(name, values, step)


def _places(coordinates: Sequence[Coordinates], most: int) -> dict[str, list[int]]:
    """Which instances share a tag, in the finest of three ways that has few enough tags."""
    axes = list(dict.fromkeys(name for place in coordinates for name in place))
    for kept in (axes, [name for name in axes if name != "seed"], axes[:1]):
        groups: dict[str, list[int]] = {}
        for i, place in enumerate(coordinates):
            groups.setdefault(in_words({k: place[k] for k in kept if k in place}), []).append(i)
        if len(groups) <= most:
            return groups
    return {}
