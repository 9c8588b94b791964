"""Start: what ``--ckpt_path`` lets a command start from."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toysuper.errors import UserError
from toysuper.runs.checkpoints import has_weights_only, list_checkpoints, load_checked
from toysuper.runs.files import refuse_links
from toysuper.runs.folder import list_runs
from toysuper.runs.saved_config import check_same_experiment, load_run_config

MakeConfig = Callable[[], dict[str, Any]]
"""Makes the config of a command, as it would be saved."""


@dataclass
class Start:
    """A checkpoint, and the run that goes on.

    Args:
        path: of the checkpoint.
        checkpoint: what it holds, with tensors on the meta device.
        run: folder of the run that goes on; None for a new one.
    """

    path: str | None = None
    checkpoint: dict[str, Any] | None = None
    run: Path | None = None

    @property
    def step(self) -> int:
        """Optimiser steps behind the checkpoint."""
        return self.checkpoint["global_step"] if self.checkpoint else 0


def find_start(
    command: str, path: str | None, root: Path, experiment: str, config: MakeConfig
) -> Start:
    """Load a checkpoint before anything starts, and compare the config with its run's.

    Args:
        command: ``fit``, ``validate``, ``test`` or ``predict``.
        path: that of a checkpoint; ``last`` for the newest of the experiment, None for none.
        root: folder of all runs.
        experiment: name of the experiment.
        config: of the command.

    Raises:
        UserError: there is no such checkpoint, or it or its run is of something else.
    """
    if not path and command != "fit":
        raise UserError(f"{command} needs --ckpt_path, the checkpoint of a run")
    start = _find_last(command, root / experiment, config, root) if path == "last" else Start(path)
    start.checkpoint = load_checked(Path(start.path)) if start.path else None
    if start.checkpoint and command == "fit" and "optimizer_states" not in start.checkpoint:
        raise UserError(
            f"--ckpt_path '{start.path}' holds weights only, without the state that training "
            "goes on with; name a checkpoint that was saved without save_weights_only"
        )
    folder = Path(str(start.path)).parent
    if command != "fit" and folder.name == "checkpoints":
        _check_same(folder.parent, config, is_evaluation=True)
    return start


def _find_last(command: str, folder: Path, config: MakeConfig, root: Path) -> Start:
    """Find the newest checkpoint of the newest run; none if it was stopped before its first."""
    run = next(iter(list_runs(folder)), None)
    refuse_links(root, folder, *([run, run / "checkpoints"] if run else []))
    paths = list_checkpoints(run / "checkpoints") if run else []
    full = (path for path in paths if command != "fit" or not has_weights_only(path))
    path = next(full, next(iter(paths), None))
    refuse_links(root, *([path] if path else []))
    if command != "fit":
        if not path:
            raise UserError(f"--ckpt_path last finds no checkpoint in {run or folder}")
        return Start(str(path))
    if run:
        _check_same(run, config, is_evaluation=False)
    return Start(str(path) if path else None, run=run)


def _check_same(run: Path, config: MakeConfig, is_evaluation: bool) -> None:
    if (run / "config.yaml").is_file():  # else the run was stopped before its first step
        check_same_experiment(load_run_config(run), config(), run, is_evaluation)
