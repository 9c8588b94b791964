"""What a run leaves behind in numbers: instances.csv, claims.csv and predictions."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer
from torch import Tensor

from toysuper import metrics as measure
from toysuper.callbacks.moments import SnapshotCallback, attempt, chosen, run_folder
from toysuper.claims.claim import Claim, table
from toysuper.files import write_csv, write_whole
from toysuper.types import Snapshot

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

    def final(self, trainer: Trainer, snapshot: Snapshot) -> None:
        """Write the tables."""
        folder = run_folder(trainer)
        if folder is None:
            return
        write_csv(folder / "instances.csv", self.rows(snapshot))
        for function in self.tables:
            if rows := attempt(function, snapshot, list):
                write_csv(folder / f"{function.__name__}.csv", rows)

    def rows(self, snapshot: Snapshot) -> list[dict[str, Any]]:
        """One dictionary per instance."""
        functions = chosen(self.columns, COLUMNS, NEURONS, snapshot)
        columns = {f.__name__: attempt(f, snapshot, Tensor) for f in functions}
        found = {name: values for name, values in columns.items() if values is not None}
        flat = {k: (v if v.ndim == 1 else v.mean(-1)).tolist() for k, v in found.items()}
        axes = dict.fromkeys((name for place in snapshot.coordinates for name in place), "")
        return [
            {**axes, **coordinates, **{name: f"{values[i]:.6g}" for name, values in flat.items()}}
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

    def final(self, trainer: Trainer, snapshot: Snapshot) -> None:
        """Check, print, write."""
        self.claims = [
            claim for check in self.check for claim in attempt(check, snapshot, list) or []
        ]
        if not self.claims:
            return
        print(f"\n{table(self.claims)}\n")
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
        self.batches.append({name: value.cpu() for name, value in outputs.items()})

    def on_predict_end(self, trainer: Trainer, pl_module: Any) -> None:
        """Join the batches and write them; each rank writes its own."""
        folder = trainer.log_dir if trainer.logger else None  # rank 0's, on every rank
        if folder is not None:
            joined = {k: torch.cat([b[k] for b in self.batches], -1) for k in self.batches[0]}
            content = io.BytesIO()
            torch.save(joined, content)
            path = Path(folder) / f"predictions{trainer.global_rank or ''}.pt"
            write_whole(path, content.getvalue())
