"""Polyhedra of three hidden dimensions that TensorBoard can turn."""

from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from matplotlib.colors import to_rgb

from toysuper.callbacks.metrics import tag
from toysuper.callbacks.moments import SnapshotCallback
from toysuper.figures.style import PARTS, set_colours
from toysuper.functional.hull import faces
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
            name = "polyhedron/" + tag(
                {k: v for k, v in best.coordinates[i].items() if k != "seed"}
            )
            for logger in trainer.loggers:
                if hasattr(logger.experiment, "add_mesh"):
                    logger.experiment.add_mesh(
                        name, **mesh(best.pick([i])), global_step=snapshot.step
                    )


CAMERA = {
    "camera": {"cls": "PerspectiveCamera", "fov": 30},  # wider ones come too near
    "lights": [
        {"cls": "AmbientLight", "color": "#ffffff", "intensity": 0.75},
        {"cls": "DirectionalLight", "color": "#ffffff", "intensity": 0.6, "position": [3, -1, 4]},
    ],
}


def mesh(model: Snapshot) -> dict[str, Any]:
    """Vertices, colours and outward faces of one model, as TensorBoard wants them.

    Each face has corners of its own, so that light shows the edges.
    """
    W = model.W[0].float()
    shades = set_colours(model) or [PARTS[0]] * W.shape[1]
    colours = (torch.tensor([to_rgb(shade) for shade in shades]) * 255).to(torch.uint8)
    corners = [i for triangle in faces(W) for i in triangle]
    shown = corners or list(range(W.shape[1]))
    found = {"vertices": W.T[shown][None], "colors": colours[shown][None]}
    separate = {"faces": torch.arange(len(corners)).view(1, -1, 3)} if corners else {}
    return {**found, **separate, "config_dict": CAMERA}
