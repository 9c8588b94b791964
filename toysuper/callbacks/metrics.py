"""Metrics of the Snapshot into scalars and histograms."""

from collections.abc import Callable

from lightning.pytorch import Trainer
from torch import Tensor

from toysuper import metrics as measure
from toysuper.callbacks.moments import SnapshotCallback
from toysuper.types import Coordinates, Snapshot

DEFAULT = (
    measure.held_out_loss,
    measure.represented,
    measure.superposition,
    measure.dimensionality,
    measure.dimensions_per_feature,
    measure.total_dimensionality,
)
QUANTILES = (0.1, 0.5, 0.9)


class SnapshotMetrics(SnapshotCallback):
    """Logs functions of the Snapshot at every validation.

    A small ensemble gets one scalar per instance. One of more than ``most`` instances gets
    quantiles over the ensemble and a mean per value of its first axis. Metrics with a value per
    feature are averaged for the scalar and kept whole in a histogram.

    Args:
        measure: functions from a Snapshot to ``(inst,)`` or ``(inst, feat)``.
        most: most tags that one metric may have.
    """

    def __init__(self, measure: list[Callable] | None = None, most: int = 32) -> None:
        self.measure = DEFAULT if measure is None else measure
        self.most = most

    def during(self, trainer: Trainer, snapshot: Snapshot) -> None:
        """Measure and log."""
        for function in self.measure:
            values = function(snapshot)
            flat = values if values.ndim == 1 else values.mean(-1)
            for logger in trainer.loggers:
                logger.log_metrics(self.scalars(function.__name__, flat, snapshot), snapshot.step)
            if values.ndim == 2:
                self._histogram(trainer, function.__name__, values, snapshot.step)

    def scalars(self, name: str, values: Tensor, snapshot: Snapshot) -> dict[str, float]:
        """The tags of one metric and their values."""
        if len(values) <= self.most:
            tags = [tag(c) for c in snapshot.coordinates]
            return {f"{name}/{t}": float(v) for t, v in zip(tags, values, strict=True)}
        scalars = {f"{name}/q{q:g}": float(values.double().quantile(q)) for q in QUANTILES}
        first = next(iter(snapshot.coordinates[0]))
        by_value: dict[str, list[float]] = {}
        for coordinates, value in zip(snapshot.coordinates, values.tolist(), strict=True):
            by_value.setdefault(tag({first: coordinates.get(first, "none")}), []).append(value)
        few = by_value if len(by_value) <= self.most else {}
        return scalars | {f"{name}/{t}": sum(v) / len(v) for t, v in few.items()}

    def _histogram(self, trainer: Trainer, name: str, values: Tensor, step: int) -> None:
        for logger in trainer.loggers:
            if hasattr(logger.experiment, "add_histogram") and values.isfinite().all():
                logger.experiment.add_histogram(name, values, step)


def tag(coordinates: Coordinates) -> str:
    """A place in the grid as a TensorBoard tag.

    >>> tag({"density": 0.1, "activation": "relu"})
    'density=0.1,activation=relu'
    """
    terms = (f"{k}={v if isinstance(v, str) else format(v, 'g')}" for k, v in coordinates.items())
    return ",".join(terms) or "model"
