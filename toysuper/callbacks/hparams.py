"""TensorBoard's HParams page: the grid against what came out."""

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
LONGEST = 120
"""Letters in the name of a run, which is a folder's."""


class HParams(SnapshotCallback):
    """Logs each cell's best model: its coordinates as hyperparameters, its final metrics.

    Args:
        most: most cells, evenly picked from the grid; TensorBoard lists each as a run.
    """

    def __init__(self, most: int = 32) -> None:
        self.most = most

    def final(self, trainer: Trainer, snapshot: Snapshot) -> None:
        """Log."""
        for i, (name, model) in enumerate(cells(snapshot, self.most)):
            measured = {f"final/{f.__name__}": attempt(f, model, Tensor) for f in FINAL}
            values = {k: float(v) for k, v in measured.items() if v is not None}
            place, folder = dict(model.coordinates[0]), f"{i:02d} {name}".replace("/", "_")
            for writer in writers(trainer, "add_hparams"):
                run = f"models/{folder[:LONGEST]}"
                writer.add_hparams(place, values, run_name=run, global_step=snapshot.step)
