"""Polyhedra of three hidden dimensions that TensorBoard can turn."""

from lightning.pytorch import LightningModule, Trainer

from toysuper.callbacks.base import SnapshotCallback, cells, writers
from toysuper.figures.space import mesh
from toysuper.snapshot import Snapshot


class Meshes(SnapshotCallback):
    """Logs the feature directions of models with three hidden dimensions as meshes.

    At every validation, of each cell's best model: columns of W as vertices coloured by set, and
    the faces of their convex hull. Other models have none.

    Args:
        max_models: number of models that get a mesh, evenly spaced over the grid.
    """

    def __init__(self, max_models: int = 4) -> None:
        self.max_models = max_models

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Log only models of three hidden dimensions."""
        if pl_module.variant.hidden == 3 and self.max_models > 0:
            super().on_validation_end(trainer, pl_module)

    def during(self, trainer: Trainer, snapshot: Snapshot) -> None:
        """Log the meshes."""
        for name, model in cells(snapshot, self.max_models):
            if model.W.shape[1] == 3:  # a grid axis may give it fewer
                for writer in writers(trainer, "add_mesh"):
                    writer.add_mesh(f"polyhedron {name}", **mesh(model), global_step=snapshot.step)
