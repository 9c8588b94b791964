"""Figures into TensorBoard and into files."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from lightning.pytorch import Trainer
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from toysuper.callbacks.moments import SnapshotCallback, attempt, run_folder
from toysuper.files import write_whole
from toysuper.types import Snapshot


class Figures(SnapshotCallback):
    """Draws functions of the Snapshot: ``figures/*.png`` at the end, TensorBoard on the way too.

    Args:
        draw: functions from a Snapshot to a matplotlib Figure.
        every: validations between pictures in TensorBoard; 0 draws at the end only.
    """

    def __init__(self, draw: list[Callable] | None = None, every: int = 5) -> None:
        self.draw, self.every, self.validations = draw or [], every, 0

    def during(self, trainer: Trainer, snapshot: Snapshot) -> None:
        """Draw now and then; the end draws for itself."""
        self.validations += 1
        model: Any = trainer.lightning_module
        ended = snapshot.step >= model.total_steps()
        if self.every and self.validations % self.every == 0 and not ended:
            for function in self.draw:
                if figure := attempt(function, snapshot, Figure):
                    show(trainer, function.__name__, figure, snapshot.step)

    def final(self, trainer: Trainer, snapshot: Snapshot) -> None:
        """Draw and save."""
        folder = run_folder(trainer)
        if folder is None:
            return
        for function in self.draw:
            figure = attempt(function, snapshot, Figure)
            if figure is None:
                continue
            picture = io.BytesIO()
            figure.savefig(picture, format="png", dpi=150)
            write_whole(folder / "figures" / f"{function.__name__}.png", picture.getvalue())
            show(trainer, function.__name__, figure, snapshot.step)


def show(trainer: Trainer, name: str, figure: Figure, step: int) -> None:
    """Put a figure into every logger that takes images."""
    for logger in trainer.loggers:
        if hasattr(logger.experiment, "add_image"):
            logger.experiment.add_image(name, pixels(figure), step, dataformats="HWC")


def pixels(figure: Figure) -> np.ndarray:
    """The figure as ``(height, width, 3)`` bytes."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
