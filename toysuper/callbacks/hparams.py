"""TensorBoard's HParams page: the grid against what came out."""

from lightning.pytorch import Trainer
from torch import Tensor

from toysuper.callbacks.moments import SnapshotCallback, attempt
from toysuper.functional.spacing import evenly
from toysuper.grid import in_words
from toysuper.metrics import (
    dimensions_per_feature,
    held_out_loss,
    mean_superposition,
    represented,
)
from toysuper.types import Coordinates, Snapshot

FINAL = (held_out_loss, represented, dimensions_per_feature, mean_superposition)


class HParams(SnapshotCallback):
    """Logs each cell's best model: its coordinates as hyperparameters, its final metrics.

    Args:
        most: most cells, evenly picked from the grid; TensorBoard lists each as a run.
    """

    def __init__(self, most: int = 32) -> None:
        self.most = most

    def final(self, trainer: Trainer, snapshot: Snapshot) -> None:
        """Log."""
        best = snapshot.best()
        kept = best.pick(evenly(len(best), self.most)) if self.most and len(best) else best.pick([])
        metrics = {f"final/{f.__name__}": attempt(f, kept, Tensor) for f in FINAL}
        for logger in trainer.loggers:
            if hasattr(logger.experiment, "add_hparams"):
                for i, place in enumerate(kept.coordinates):
                    values = {k: float(v[i]) for k, v in metrics.items() if v is not None}
                    logger.experiment.add_hparams(dict(place), values, run_name=_name(i, place))


def _name(i: int, place: Coordinates) -> str:
    told = in_words({k: v for k, v in place.items() if k != "seed"})
    return f"models/{i:02d} {told}".replace("/", "_").replace("_", "/", 1)
