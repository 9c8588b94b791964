"""Feature directions for TensorBoard's projector."""

from pathlib import Path
from typing import Any

from google.protobuf.text_format import MessageToString
from lightning.pytorch import Trainer
from tensorboard.plugins.projector import ProjectorConfig

from toysuper import metrics as measure
from toysuper.callbacks.base import SnapshotCallback, cells, run_folder
from toysuper.runs.files import write_atomic
from toysuper.snapshot import Snapshot

MIN_DIMENSIONS = 3
"""Dimensions below which the projector shows nothing; zeros are added."""


class Projector(SnapshotCallback):
    """Writes the columns of W of each cell's best model, with the metrics of each feature.

    Args:
        max_models: number of models, evenly spaced over the grid; 0 writes none.
    """

    def __init__(self, max_models: int = 8) -> None:
        self.max_models = max_models

    def final(self, trainer: Trainer, snapshot: Snapshot) -> None:
        """Write ``projector/*.tsv`` and the file that names them."""
        folder = run_folder(trainer)
        models, config = cells(snapshot, self.max_models), ProjectorConfig()
        if folder is None or not models:
            return
        for i, (name, model) in enumerate(models):
            entry = config.embeddings.add(tensor_name=name)
            entry.tensor_path, entry.metadata_path = f"projector/{i}.tsv", f"projector/{i}.meta.tsv"
            _write(folder / entry.tensor_path, directions(model))
            _write(folder / entry.metadata_path, metadata(model))
        write_atomic(folder / "projector_config.pbtxt", MessageToString(config).encode())


def directions(model: Snapshot) -> list[list[Any]]:
    """Return a row per feature, its column of W."""
    zeros = [0.0] * max(0, MIN_DIMENSIONS - model.W.shape[1])
    return [[*column, *zeros] for column in model.W[0].T.tolist()]


def metadata(model: Snapshot) -> list[list[Any]]:
    """Return the header and a row per feature."""
    columns = {
        "feature": list(range(model.W.shape[2])),
        "importance": model.importance[0].tolist(),
        "density": model.density[0].tolist(),
        "norm": measure.norm(model)[0].tolist(),
        "dimensionality": measure.dimensionality(model)[0].tolist(),
        "superposition": measure.superposition(model)[0].tolist(),
        "bias": model.bias[0].tolist(),
        "set": model.set_index[0].tolist(),
    }
    return [[*columns], *map(list, zip(*columns.values(), strict=True))]


def _write(path: Path, rows: list[list[Any]]) -> None:
    lines = ["\t".join(f"{v:.6g}" if isinstance(v, float) else str(v) for v in row) for row in rows]
    write_atomic(path, "\n".join([*lines, ""]).encode())
