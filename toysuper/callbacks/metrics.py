"""Metrics of the Snapshot: scalars and histograms on the way, tables at the end."""

from collections.abc import Callable, Sequence
from functools import partial
from math import isfinite
from typing import Any

import torch
from lightning.pytorch import Trainer
from torch import Tensor

from toysuper import metrics
from toysuper.callbacks.base import (
    SnapshotCallback,
    attempt,
    callable_name,
    run_folder,
    unique_names,
    writers,
)
from toysuper.callbacks.front_page import layout
from toysuper.data.grid import format_cell
from toysuper.errors import UserError
from toysuper.runs.files import write_csv
from toysuper.snapshot import Coordinates, Snapshot

QUANTILES = (0.1, 0.5, 0.9)


class SnapshotMetrics(SnapshotCallback):
    """Logs metrics at every validation and writes them to ``instances.csv`` at the end.

    These are :data:`toysuper.metrics.USUAL`, those of neurons where there are neurons, the
    objective where it is not the loss, and what ``measure`` adds. In TensorBoard a metric with a
    value per instance becomes scalars: a tag per instance where there are few, else quantiles over
    the ensemble and means, a tag per cell with its seeds together, or per value of the first axis.
    One with a value per feature or neuron becomes a histogram, and its mean a column of the table.

    Args:
        measure: further functions from a Snapshot to ``(inst,)``, ``(inst, feat)`` or
            ``(inst, hidden)``.
        tables: functions from a Snapshot to the rows of a table of their own, ``<name>.csv``.
        max_tags: number of means that one metric may have in TensorBoard.
    """

    sees_diverged = True

    def __init__(
        self,
        measure: list[Callable] | None = None,
        tables: list[Callable] | None = None,
        max_tags: int = 32,
    ) -> None:
        self.measure, self.tables, self.max_tags = measure or [], tables or [], max_tags
        self.coordinates: Sequence[Coordinates] = ()
        self.tags: dict[str, list[int]] = {}

    def functions(self, snapshot: Snapshot) -> dict[str, Callable]:
        """Choose the metrics of a Snapshot, by name."""
        neurons = metrics.NEURONS if metrics.has_neurons(snapshot) else ()
        objective = () if snapshot.objective is None else (metrics.objective,)
        return unique_names([*metrics.USUAL, *objective, *neurons, *self.measure])

    def during(self, trainer: Trainer, snapshot: Snapshot) -> None:
        """Measure and log."""
        snapshot = snapshot.without_diverged()
        if self.coordinates != snapshot.coordinates:
            self._lay_out(trainer, snapshot)
        for name, function in self.functions(snapshot).items():
            values = measure(function, snapshot)
            if values is None:
                continue
            if values.ndim == 2:
                self._histogram(trainer, name, values, snapshot.step)
                continue
            for logger in trainer.loggers:
                logger.log_metrics(self.scalars(name, values, snapshot), snapshot.step)

    def final(self, trainer: Trainer, snapshot: Snapshot) -> None:
        """Write the tables."""
        folder = run_folder(trainer)
        if folder is None:
            return
        for name, function in unique_names(self.tables).items():
            if rows := attempt(function, snapshot.without_diverged(), list):
                write_csv(folder / f"{name}.csv", rows)
        write_csv(folder / "instances.csv", self.rows(snapshot))  # last: it says that a run ended

    def rows(self, snapshot: Snapshot) -> list[dict[str, Any]]:
        """Make one dictionary per instance; one that diverged has no numbers."""
        columns: dict[str, list[float]] = {}
        finite, is_finite = snapshot.without_diverged(), ~snapshot.diverged
        for name, function in self.functions(snapshot).items():
            values = measure(function, finite)
            if values is not None:
                column = torch.full((len(snapshot),), torch.nan, dtype=torch.float64)
                one = values if values.ndim == 1 else values.double().mean(-1)
                column[is_finite] = one.double()
                columns[name] = column.tolist()
        axes = dict.fromkeys((name for cell in snapshot.coordinates for name in cell), "")
        return [
            {**axes, **cell, **{name: f"{values[i]:.6g}" for name, values in columns.items()}}
            for i, cell in enumerate(snapshot.coordinates)
        ]

    def scalars(self, name: str, values: Tensor, snapshot: Snapshot) -> dict[str, float]:
        """Compute the tags of one metric and their values.

        Args:
            name: the metric.
            values: its values, ``(inst,)``.
            snapshot: the ensemble.
        """
        tags = self._tags(snapshot).items()
        means = {f"{name}/{tag}": float(values[of].mean()) for tag, of in tags}
        if len(means) == len(values) or not values.isfinite().all():
            return {tag: mean for tag, mean in means.items() if isfinite(mean)}
        quantiles = values.double().quantile(torch.tensor(QUANTILES, dtype=torch.float64))
        return means | {
            f"{name}/q{q:g}": float(v) for q, v in zip(QUANTILES, quantiles, strict=True)
        }

    def _lay_out(self, trainer: Trainer, snapshot: Snapshot) -> None:
        optima = bool(metrics.linear_optimum_loss(snapshot).isfinite().any())
        for writer in writers(trainer, "add_custom_scalars"):
            writer.add_custom_scalars(layout(self._tags(snapshot), optima))

    def _tags(self, snapshot: Snapshot) -> dict[str, list[int]]:
        """Group the instances that share a tag; done once for a grid."""
        if self.coordinates != snapshot.coordinates:
            self.coordinates = snapshot.coordinates
            self.tags = _group_instances(snapshot.coordinates, self.max_tags)
        return self.tags

    def _histogram(self, trainer: Trainer, name: str, values: Tensor, step: int) -> None:
        if values.isfinite().all():
            for writer in writers(trainer, "add_histogram"):
                writer.add_histogram(name, values, step)


def measure(metric: Callable, snapshot: Snapshot) -> Tensor | None:
    """Call a metric; None, after a warning, where its values do not lead with the instances.

    Args:
        metric: from a Snapshot to ``(inst,)``, ``(inst, feat)`` or ``(inst, hidden)``.
        snapshot: its argument.
    """
    return attempt(metric, snapshot, Tensor, partial(_check_shape, metric, len(snapshot)))


def _check_shape(metric: Callable, instances: int, values: Tensor) -> None:
    if values.ndim not in (1, 2) or len(values) != instances:
        raise UserError(
            f"metric {callable_name(metric)} gave a tensor of shape {tuple(values.shape)}; it must "
            f"have a value for each of {instances} instances, or a row"
        )


def _group_instances(cells: Sequence[Coordinates], max_tags: int) -> dict[str, list[int]]:
    """Group instances by tag, in the finest of three ways that has few enough tags."""
    axes = list(dict.fromkeys(name for cell in cells for name in cell))
    for names in (axes, [name for name in axes if name != "seed"], axes[:1]):
        groups: dict[str, list[int]] = {}
        for i, cell in enumerate(cells):
            tag = format_cell({name: cell[name] for name in names if name in cell})
            groups.setdefault(tag, []).append(i)
        if len(groups) <= max_tags:
            return groups
    return {}
