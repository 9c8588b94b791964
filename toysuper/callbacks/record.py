"""What a run leaves behind in numbers: instances.csv, claims.csv and predictions."""

import io
from collections.abc import Callable
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer
from torch import Tensor

from toysuper import metrics as measure
from toysuper.callbacks.about import tell
from toysuper.callbacks.base import SnapshotCallback, attempt, chosen, run_folder
from toysuper.claims.base import Claim, markdown, table
from toysuper.data.grid import places
from toysuper.runs.files import write_atomic, write_csv
from toysuper.snapshot import Snapshot
from toysuper.training.sharding import is_sharded, whole

COLUMNS = (
    measure.held_out_loss,
    measure.represented,
    measure.dimensions_per_feature,
    measure.total_dimensionality,
    measure.mean_superposition,
    measure.mean_bias,
)
NEURONS = (measure.monosemantic, measure.polysemantic, measure.mean_entropy)


class Instances(SnapshotCallback):
    """Writes ``instances.csv``: one row per instance, its coordinates and its final metrics.

    Args:
        columns: functions from a Snapshot to ``(inst,)``, or to ``(inst, feat)`` to be averaged;
            without, the usual ones, and those of neurons where there are some.
        tables: functions from a Snapshot to rows of tables of their own, ``<name>.csv``.
    """

    def __init__(
        self, columns: list[Callable] | None = None, tables: list[Callable] | None = None
    ) -> None:
        self.columns = columns
        self.tables = tables or []

    sees_diverged = True

    def final(self, trainer: Trainer, snapshot: Snapshot) -> None:
        """Write the tables."""
        folder = run_folder(trainer)
        if folder is None:
            return
        write_csv(folder / "instances.csv", self.rows(snapshot))
        for function in self.tables:
            if rows := attempt(function, snapshot.sound(), list):
                write_csv(folder / f"{function.__name__}.csv", rows)

    def rows(self, snapshot: Snapshot) -> list[dict[str, Any]]:
        """One dictionary per instance; one that diverged has no numbers."""
        sound = snapshot.sound()
        columns: dict[str, list[float]] = {}
        for function in chosen(self.columns, COLUMNS, NEURONS, snapshot):
            values = attempt(function, sound, Tensor)
            if values is not None:
                column = torch.full((len(snapshot),), torch.nan, dtype=torch.float64)
                one = values if values.ndim == 1 else values.double().mean(-1)
                column[~snapshot.diverged] = one.double()
                columns[function.__name__] = column.tolist()
        axes = dict.fromkeys((name for place in snapshot.coordinates for name in place), "")
        return [
            {
                **axes,
                **coordinates,
                **{name: f"{values[i]:.6g}" for name, values in columns.items()},
            }
            for i, coordinates in enumerate(snapshot.coordinates)
        ]


class Claims(SnapshotCallback):
    """Prints whether the paper's claims hold here, and writes ``claims.csv``.

    A claim that fails is shown as failing and stops nothing.

    Args:
        check: functions from a Snapshot to a list of claims.
    """

    def __init__(self, check: list[Callable] | None = None) -> None:
        self.check = check or []
        self.claims: list[Claim] = []

    sees_diverged = True

    def final(self, trainer: Trainer, snapshot: Snapshot) -> None:
        """Check, print, write."""
        sound = snapshot.sound()
        self.claims = [claim for check in self.check for claim in attempt(check, sound, list) or []]
        if len(sound) < len(snapshot):
            diverged = snapshot.pick(snapshot.diverged.nonzero().flatten().tolist()).coordinates
            print(f"\nleft out of averages, figures and claims: {places(diverged)} diverged")
        if not self.claims:
            return
        columns = get_terminal_size((0, 0)).columns or None  # of a file, as many as it takes
        print(f"\n{table(self.claims, columns)}\n")
        tell(trainer, "4 claims", markdown(self.claims))
        folder = run_folder(trainer)
        if folder is not None:
            rows = [{**vars(claim), "holds": claim.verdict} for claim in self.claims]
            write_csv(folder / "claims.csv", rows)


class Predictions(Callback):
    """Writes ``predictions.pt``: features and reconstructions, ``(inst, feat, samples)``."""

    def on_predict_start(self, *_: Any) -> None:
        """Nothing collected yet."""
        self.batches: list[dict[str, Tensor]] = []

    def on_predict_batch_end(self, trainer: Trainer, pl_module: Any, outputs: Any, *_: Any) -> None:
        """Collect a batch."""
        wholes = {name: whole(trainer, value) for name, value in outputs.items()}
        self.batches.append({name: value.cpu() for name, value in wholes.items()})

    def on_predict_end(self, trainer: Trainer, pl_module: Any) -> None:
        """Join the batches and write them; each rank writes its own samples."""
        folder = trainer.log_dir if trainer.logger else None  # rank 0's, on every rank
        mine = trainer.is_global_zero or not is_sharded(trainer)
        if folder is not None and mine:
            joined = {k: torch.cat([b[k] for b in self.batches], -1) for k in self.batches[0]}
            content = io.BytesIO()
            torch.save(joined, content)
            path = Path(folder) / f"predictions{trainer.global_rank or ''}.pt"
            write_atomic(path, content.getvalue())
