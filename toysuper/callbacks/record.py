"""Claims and predictions, which a run writes at its end."""

import io
from collections.abc import Callable
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer
from torch import Tensor

from toysuper.callbacks.about import log_text
from toysuper.callbacks.base import SnapshotCallback, attempt, run_folder
from toysuper.claims.base import Claim
from toysuper.claims.tables import markdown, table
from toysuper.data.grid import format_cells
from toysuper.errors import printable
from toysuper.runs.files import write_atomic, write_csv
from toysuper.snapshot import Snapshot
from toysuper.training.sharding import gather_instances, is_sharded


class Claims(SnapshotCallback):
    """Prints whether the paper's claims hold, and writes ``claims.csv``.

    A claim that fails does not stop the run.

    Args:
        check: functions from a Snapshot to a list of claims.
    """

    sees_diverged = True

    def __init__(self, check: list[Callable] | None = None) -> None:
        self.check = check or []
        self.claims: list[Claim] = []

    def final(self, trainer: Trainer, snapshot: Snapshot) -> None:
        """Check the claims, print them and write them."""
        finite = snapshot.without_diverged()
        self.claims = [
            claim for check in self.check for claim in attempt(check, finite, list) or []
        ]
        if len(finite) < len(snapshot):
            diverged = snapshot.pick(snapshot.diverged.nonzero().flatten().tolist()).coordinates
            which = printable(format_cells(diverged))
            print(f"\nleft out of averages, figures and claims: {which} diverged")
        if not self.claims:
            return
        columns = get_terminal_size((0, 0)).columns or None  # a file has no width
        print(f"\n{table(self.claims, columns)}\n")
        log_text(trainer, "4 claims", markdown(self.claims))
        folder = run_folder(trainer)
        if folder is not None:
            rows = [{**vars(claim), "holds": claim.verdict} for claim in self.claims]
            write_csv(folder / "claims.csv", rows)


class Predictions(Callback):
    """Writes ``predictions.pt``: features and reconstructions, ``(inst, feat, samples)``."""

    def on_predict_start(self, *_: Any) -> None:
        """Forget earlier batches."""
        self.batches: list[dict[str, Tensor]] = []

    def on_predict_batch_end(self, trainer: Trainer, pl_module: Any, outputs: Any, *_: Any) -> None:
        """Collect a batch."""
        gathered = {name: gather_instances(trainer, value) for name, value in outputs.items()}
        self.batches.append({name: value.cpu() for name, value in gathered.items()})

    def on_predict_end(self, trainer: Trainer, pl_module: Any) -> None:
        """Join the batches and write them; each rank writes its own samples."""
        folder = trainer.log_dir if trainer.logger else None  # rank 0's, on every rank
        writes = trainer.is_global_zero or not is_sharded(trainer)
        if folder is not None and writes:
            joined = {k: torch.cat([b[k] for b in self.batches], -1) for k in self.batches[0]}
            content = io.BytesIO()
            torch.save(joined, content)
            path = Path(folder) / f"predictions{trainer.global_rank or ''}.pt"
            write_atomic(path, content.getvalue())
