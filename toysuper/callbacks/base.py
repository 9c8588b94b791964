"""When the callbacks of this package look: at each validation, and once at the end."""

import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from matplotlib.figure import Figure
from torch import Tensor

from toysuper.callbacks.waiting import Waiting
from toysuper.data.grid import in_words
from toysuper.errors import UserError
from toysuper.functional.spacing import evenly
from toysuper.metrics.neurons import has_neurons
from toysuper.snapshot import Snapshot


class SnapshotCallback(Callback):
    """Shows a subclass the Snapshot: ``during`` at validations of a fit, ``final`` at the end.

    The end is the last step of ``fit``, or the one evaluation of ``validate`` and ``test``. Every
    rank takes the Snapshot, because its held-out loss is a sum over ranks; rank 0 acts.
    """

    sees_diverged = False
    """Whether the Snapshot has the instances that diverged, too."""

    def during(self, trainer: Trainer, snapshot: Snapshot) -> None:
        """At a validation within ``fit``, the last one included."""

    def final(self, trainer: Trainer, snapshot: Snapshot) -> None:
        """At the end."""

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Decide which of the two it is."""
        final = trainer.state.fn == "validate"
        if final or type(self).during is not SnapshotCallback.during:
            self._show(trainer, pl_module, final)

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """A test is an end."""
        self._show(trainer, pl_module, final=True)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The end of a fit."""
        self._show(trainer, pl_module, final=True)

    def _show(self, trainer: Trainer, model: Any, final: bool) -> None:
        snapshot = model.snapshot(trainer.datamodule)
        if trainer.is_global_zero:
            shown = snapshot if self.sees_diverged else snapshot.sound()
            (self.final if final else self.during)(trainer, shown)


def chosen(
    given: Sequence[Callable] | None,
    usual: Sequence[Callable],
    of_neurons: Sequence[Callable],
    snapshot: Snapshot,
) -> Sequence[Callable]:
    """The functions that YAML gives; without, the usual ones and those of neurons, if any."""
    if given is not None:
        return given
    return (*usual, *of_neurons) if has_neurons(snapshot) else usual


DOING = {Figure: "drawing", Tensor: "measuring", list: "checking"}


def attempt(
    function: Callable,
    snapshot: Snapshot,
    kind: type,
    then: Callable[[Any], None] = lambda _: None,
) -> Any:
    """What a function makes of a Snapshot; None and a warning where that is not of its kind.

    What is done with it ``then`` is a part of the attempt.

    One figure, metric or claim with a fault must not cost the run its other results.
    """
    if not len(snapshot):
        return None
    try:
        with Waiting(f"{DOING.get(kind, 'making')} {function.__name__}"):
            made = function(snapshot)
            if isinstance(made, kind):
                then(made)
                return made
        text = f"{function.__name__} gave a {type(made).__name__} and not a {kind.__name__}"
        warnings.warn(text, stacklevel=2)
    except UserError as error:
        warnings.warn(str(error), stacklevel=2)
    except Exception as error:
        line = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{line.filename}, line {line.lineno}"
        text = f"{function.__name__} raised {type(error).__name__}: {error} ({place})"
        warnings.warn(text, stacklevel=2)
    return None


def cells(snapshot: Snapshot, most: int) -> list[tuple[str, Snapshot]]:
    """The best models of at most so many cells, evenly picked from the grid, and their names."""
    best = snapshot.best()
    kept = evenly(len(best), most)[:most] if most > 0 and len(best) else []
    axes = [{k: v for k, v in best.coordinates[i].items() if k != "seed"} for i in kept]
    return [(in_words(place), best.pick([i])) for i, place in zip(kept, axes, strict=True)]


def writers(trainer: Trainer, method: str) -> Iterator[Any]:
    """What loggers log with, where they have the method; as TensorBoard's does."""
    for logger in trainer.loggers:
        if hasattr(logger.experiment, method):
            yield logger.experiment


def run_folder(trainer: Trainer) -> Path | None:
    """Where this run writes; None without a logger, which means: write nothing.

    Unlike ``trainer.log_dir`` this is no collective, so rank 0 may ask alone.
    """
    logger: Any = trainer.logger
    folder = logger and (getattr(logger, "log_dir", None) or logger.save_dir)
    return Path(folder) if isinstance(folder, str | Path) else None  # fast_dev_run's has neither
