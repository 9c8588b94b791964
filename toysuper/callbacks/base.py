"""SnapshotCallback: what looks at the ensemble at each validation and at the end."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from matplotlib.figure import Figure
from torch import Tensor

from toysuper.callbacks.waiting import Waiting
from toysuper.data.grid import format_cell
from toysuper.errors import UserError, describe_fault
from toysuper.functional.spacing import evenly
from toysuper.snapshot import Snapshot


class SnapshotCallback(Callback):
    """Receives the Snapshot: ``during`` at validations of a fit, ``final`` at the end.

    The end is the last step of ``fit``, or the one evaluation of ``validate`` and ``test``. All
    callbacks receive the same Snapshot. Every rank takes it, because its held-out loss is a sum
    over ranks; rank 0 acts.
    """

    sees_diverged = False
    """Whether the Snapshot has the instances that diverged, too."""

    def during(self, trainer: Trainer, snapshot: Snapshot) -> None:
        """Act at a validation within ``fit``, the last one included."""

    def final(self, trainer: Trainer, snapshot: Snapshot) -> None:
        """Act at the end."""

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Call ``during`` within ``fit``, else ``final``."""
        final = trainer.state.fn == "validate"
        if final or type(self).during is not SnapshotCallback.during:
            self._act(trainer, pl_module, final)

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Call ``final``."""
        self._act(trainer, pl_module, final=True)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Call ``final``."""
        self._act(trainer, pl_module, final=True)

    def _act(self, trainer: Trainer, module: Any, final: bool) -> None:
        snapshot = module.snapshot()
        if trainer.is_global_zero:
            snapshot = snapshot if self.sees_diverged else snapshot.without_diverged()
            (self.final if final else self.during)(trainer, snapshot)


ACTIVITIES = {Figure: "drawing", Tensor: "measuring", list: "checking"}


def attempt(
    function: Callable,
    snapshot: Snapshot,
    kind: type,
    then: Callable[[Any], None] = lambda _: None,
) -> Any:
    """Call a figure, metric or claim; one with a fault must not cost the run its other results.

    Args:
        function: of a Snapshot.
        snapshot: its argument.
        kind: the type of its result.
        then: is called with the result, as a part of the attempt.

    Returns:
        The result; None, after a warning, where there is none of that type.
    """
    if not len(snapshot):
        return None
    name = callable_name(function)
    try:
        with Waiting(f"{ACTIVITIES.get(kind, 'making')} {name}"):
            result = function(snapshot)
            if isinstance(result, kind):
                then(result)
                return result
        text = f"{name} gave a {type(result).__name__} and not a {kind.__name__}"
    except UserError as error:
        text = str(error)
    except Exception as error:
        text = describe_fault(name, error)
    warnings.warn(text, stacklevel=2)
    return None


def callable_name(function: Any) -> str:
    """Name a function, a partial or an object that can be called.

    >>> callable_name(partial(len)), callable_name(Waiting("x"))
    ('len', 'Waiting')
    """
    while isinstance(function, partial):
        function = function.func
    return getattr(function, "__name__", None) or type(function).__name__


def unique_names(functions: Sequence[Callable]) -> dict[str, Callable]:
    """Name each function, with a number from the second of a name on.

    >>> list(unique_names([len, sum, len]))
    ['len', 'sum', 'len_2']
    """
    names: dict[str, Callable] = {}
    for function in functions:
        name = callable_name(function)
        count = 1 + sum(callable_name(other) == name for other in names.values())
        names[name if count == 1 else f"{name}_{count}"] = function
    return names


def cells(snapshot: Snapshot, max_cells: int) -> list[tuple[str, Snapshot]]:
    """Pick the best models of some cells of the grid, and name the cells.

    Args:
        snapshot: the ensemble; without held-out losses there is no best model and no cell.
        max_cells: number of cells, evenly spaced over the grid.
    """
    if max_cells <= 0 or not len(snapshot) or not snapshot.measured:
        return []
    best = snapshot.best()
    picked = evenly(len(best), max_cells)[:max_cells]
    axes = [{k: v for k, v in best.coordinates[i].items() if k != "seed"} for i in picked]
    return [(format_cell(cell), best.pick([i])) for i, cell in zip(picked, axes, strict=True)]


def writers(trainer: Trainer, method: str) -> Iterator[Any]:
    """Yield the loggers' writers that have a method, as TensorBoard's has ``add_text``.

    Args:
        trainer: has the loggers.
        method: its name.
    """
    for logger in trainer.loggers:
        if hasattr(logger.experiment, method):
            yield logger.experiment


def run_folder(trainer: Trainer) -> Path | None:
    """Find where this run writes; None without a logger, which means: write nothing.

    Unlike ``trainer.log_dir`` this is no collective, so rank 0 may ask alone.
    """
    logger: Any = trainer.logger
    folder = logger and (getattr(logger, "log_dir", None) or logger.save_dir)
    return Path(folder) if isinstance(folder, str | Path) else None  # fast_dev_run's has neither
