"""Polyhedra of three hidden dimensions that TensorBoard can turn."""

from lightning.pytorch import LightningModule, Trainer

from toysuper.callbacks.moments import SnapshotCallback
from toysuper.figures.solid import mesh
from toysuper.grid import in_words
from toysuper.types import Snapshot


class Meshes(SnapshotCallback):
    """Logs the feature directions of models with three hidden dimensions as meshes.

    At every validation, of each cell's best model: columns of W as vertices coloured by set, and
    the faces of their convex hull. Other models have none.

    Args:
        most: most models that get a mesh.
    """

    def __init__(self, most: int = 4) -> None:
        self.most = most

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Only where there are three dimensions to look at."""
        if getattr(pl_module, "hidden", 0) == 3 and self.most > 0:
            super().on_validation_end(trainer, pl_module)

    def during(self, trainer: Trainer, snapshot: Snapshot) -> None:
        """Log."""
        best = snapshot.best()
        for i in range(min(len(best), self.most)):
            name = "polyhedron " + in_words(
                {k: v for k, v in best.coordinates[i].items() if k != "seed"}
            )
            for logger in trainer.loggers:
                if hasattr(logger.experiment, "add_mesh"):
                    logger.experiment.add_mesh(
                        name, **mesh(best.pick([i])), global_step=snapshot.step
                    )
