"""Figures into TensorBoard and into files, as pictures and as animations."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch import Trainer
from matplotlib.figure import Figure

from toysuper.callbacks.base import (
    SnapshotCallback,
    attempt,
    run_folder,
    unique_names,
    writers,
)
from toysuper.callbacks.waiting import Waiting
from toysuper.figures.formats import described, gif, pixels, png, svg
from toysuper.functional.spacing import evenly
from toysuper.runs.files import write_atomic
from toysuper.snapshot import Snapshot


class Figures(SnapshotCallback):
    """Draws functions of the Snapshot: PNG and SVG files at the end, TensorBoard on the way too.

    Args:
        draw: functions from a Snapshot to a matplotlib Figure.
        every: validations between pictures in TensorBoard; 0 draws at the end only.
        animate: functions to draw at every moment of the Snapshot's history, of the models that
            are best in the end: ``figures/*.gif``; needs ``history.num``.
        frames: largest number of pictures in an animation.
    """

    def __init__(
        self,
        draw: list[Callable] | None = None,
        every: int = 5,
        animate: list[Callable] | None = None,
        frames: int = 60,
    ) -> None:
        self.draw, self.every = draw or [], every
        self.animate, self.frames = animate or [], frames

    def during(self, trainer: Trainer, snapshot: Snapshot) -> None:
        """Draw now and then; the end draws for itself."""
        model: Any = trainer.lightning_module
        validations = snapshot.step // trainer.datamodule.epoch_steps(trainer)
        ended = snapshot.step >= model.total_steps()
        if self.every and validations % self.every == 0 and not ended:
            for name, function in unique_names(self.draw).items():
                _draw(trainer, name, function, snapshot)

    def final(self, trainer: Trainer, snapshot: Snapshot) -> None:
        """Draw and save."""
        folder = run_folder(trainer)
        if folder is None:
            return
        for name, function in unique_names(self.draw).items():
            _draw(trainer, name, function, snapshot, folder / "figures")
        for name, function in unique_names(self.animate).items():
            with Waiting(f"animating {name}"):
                self._animate(function, snapshot, folder / "figures" / f"{name}.gif")

    def _animate(self, function: Callable, snapshot: Snapshot, path: Path) -> None:
        moments: Sequence[Snapshot] = attempt(_history_of_best, snapshot, tuple) or ()
        chosen = [moments[k] for k in evenly(len(moments), self.frames)]
        frames: list[Any] = []
        drawn = [
            attempt(function, moment, Figure, lambda figure: frames.append(pixels(figure)))
            for moment in chosen
        ]
        if drawn and None not in drawn:
            write_atomic(path, gif(frames, described(function, drawn[-1])))
        elif not drawn:
            warnings.warn("an animation needs a history; set history.num", stacklevel=2)


def _history_of_best(snapshot: Snapshot) -> tuple[Snapshot, ...]:
    return snapshot.best().history


def _draw(
    trainer: Trainer,
    name: str,
    function: Callable,
    snapshot: Snapshot,
    folder: Path | None = None,
) -> None:
    """Draw, log and, where there is a folder, save; what goes wrong costs this figure alone."""

    def save(figure: Figure) -> None:
        image = pixels(figure)
        figure.set_layout_engine("none")  # it is laid out by now, for all formats
        for writer in writers(trainer, "add_image"):
            writer.add_image(name, image, snapshot.step, dataformats="HWC")
        if folder:
            about, path = described(function, figure), folder / name
            write_atomic(path.with_suffix(".png"), png(figure, about))
            write_atomic(path.with_suffix(".svg"), svg(figure, about))

    attempt(function, snapshot, Figure, save)
