"""When to measure, draw and record; never how."""

from toysuper.callbacks.figures import Figures
from toysuper.callbacks.metrics import SnapshotMetrics
from toysuper.callbacks.progress import StepProgressBar
from toysuper.callbacks.record import Claims, Instances, Predictions

__all__ = [
    "Claims",
    "Figures",
    "Instances",
    "Predictions",
    "SnapshotMetrics",
    "StepProgressBar",
]
