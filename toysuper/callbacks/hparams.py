"""TensorBoard's HParams page: the grid and the final metrics."""

from lightning.pytorch import Trainer
from torch import Tensor

from toysuper.callbacks.base import SnapshotCallback, attempt, cells, writers
from toysuper.metrics import (
    dimensions_per_feature,
    held_out_loss,
    mean_superposition,
    represented,
)
from toysuper.snapshot import Snapshot

FINAL = (held_out_loss, represented, dimensions_per_feature, mean_superposition)
MAX_LETTERS = 120
"""Letters in the name of a run, which is the name of a folder."""


class HParams(SnapshotCallback):
    """Logs each cell's best model: its coordinates as hyperparameters, its final metrics.

    Args:
        max_models: number of cells, evenly spaced over the grid; TensorBoard lists each as a run.
    """

    def __init__(self, max_models: int = 32) -> None:
        self.max_models = max_models

    def final(self, trainer: Trainer, snapshot: Snapshot) -> None:
        """Log coordinates and metrics."""
        for i, (name, model) in enumerate(cells(snapshot, self.max_models)):
            measured = {f"final/{f.__name__}": attempt(f, model, Tensor) for f in FINAL}
            values = {k: float(v) for k, v in measured.items() if v is not None}
            cell, folder = dict(model.coordinates[0]), f"{i:02d} {name}".replace("/", "_")
            for writer in writers(trainer, "add_hparams"):
                run = f"models/{folder[:MAX_LETTERS]}"
                writer.add_hparams(cell, values, run_name=run, global_step=snapshot.step)
