"""When to measure, draw and record; never how."""

from toysuper.callbacks.about import About
from toysuper.callbacks.checkpoints import Checkpoints
from toysuper.callbacks.figures import Figures
from toysuper.callbacks.history import History
from toysuper.callbacks.hparams import HParams
from toysuper.callbacks.meshes import Meshes
from toysuper.callbacks.metrics import SnapshotMetrics
from toysuper.callbacks.progress import StepProgressBar
from toysuper.callbacks.projector import Projector
from toysuper.callbacks.record import Claims, Instances, Predictions

__all__ = [
    "About",
    "Checkpoints",
    "Claims",
    "Figures",
    "HParams",
    "History",
    "Instances",
    "Meshes",
    "Predictions",
    "Projector",
    "SnapshotMetrics",
    "StepProgressBar",
]
