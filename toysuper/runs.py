"""Run folders, ``<root>/<experiment>/version_<k>``: one writer each, found again to go on."""

import os
import re
from itertools import count
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from lightning.pytorch.loggers import TensorBoardLogger
from lightning_utilities.core.rank_zero import rank_zero_only

from toysuper.errors import UserError


class RunFolder(TensorBoardLogger):
    """TensorBoard in a folder that is this run's alone from the first file on.

    Args:
        root: where the folders of all experiments lie.
        experiment: whose run it is.
        resumed: the folder of an earlier run to go on with; without, a new one.
        step: where it goes on; TensorBoard drops what was logged beyond.
    """

    def __init__(
        self, root: Path, experiment: str, resumed: Path | None = None, step: int | None = None
    ) -> None:
        super().__init__(root, experiment, default_hp_metric=False, purge_step=step)
        self.root, self.resumed = root, resumed
        self.lock: FileLock | None = None

    @property
    def version(self) -> Any:
        """The number of the folder, claimed when it is first asked for."""
        if self._version is None:
            self._version = self._claimed() if getattr(rank_zero_only, "rank", 0) == 0 else 0
        return self._version

    def finalize(self, status: str) -> None:
        """Leave the folder to others."""
        super().finalize(status)
        if self.lock:
            self.lock.release()

    def _claimed(self) -> int:
        if self.resumed:
            self.lock = hold(self.resumed)
            return number(self.resumed)
        folder = self.root / self.name
        refuse_links(self.root, folder)
        folder.mkdir(parents=True, exist_ok=True)
        for version in count(max(map(number, versions(folder)), default=-1) + 1):
            try:
                (folder / f"version_{version}").mkdir()
            except FileExistsError:
                continue  # another run was quicker
            self.lock = hold(folder / f"version_{version}")
            return version
        raise AssertionError


def versions(folder: Path) -> list[Path]:
    """The runs of an experiment, the latest first."""
    found = (path for path in folder.glob("version_*") if re.fullmatch(r"\d+", path.name[8:]))
    return sorted((path for path in found if path.is_dir()), key=number, reverse=True)


def number(folder: Path) -> int:
    """The k of ``version_<k>``."""
    return int(folder.name.removeprefix("version_"))


def hold(folder: Path) -> FileLock:
    """Be the folder's only writer until this process ends, however it ends.

    Raises:
        UserError: another process is that.
    """
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise UserError(
            f"another process is writing {folder}; let it end, or leave out --ckpt_path last "
            "to start a run of its own"
        ) from error
    return lock


def refuse_another(theirs: Any, ours: Any, run: Path) -> None:
    """Refuse to go on with a run of another model or other data; the trainer may be another.

    Raises:
        UserError: the saved config says otherwise.
    """
    for section in ("model", "data"):
        then, now = (_leaves(config[section], section) for config in (theirs, ours))
        for key in then.keys() | now.keys():
            if then.get(key) != now.get(key):
                raise UserError(
                    f"--ckpt_path last would go on with {run}, where {key} is {then.get(key)} and "
                    f"not {now.get(key)}; name the checkpoint itself to start a new run from it"
                )


def _leaves(config: Any, name: str) -> dict[str, Any]:
    if not isinstance(config, dict):
        return {name: config}
    return {k: v for key in config for k, v in _leaves(config[key], f"{name}.{key}").items()}


def refuse_links(root: Path, folder: Path) -> None:
    """Refuse a folder that lies elsewhere than it seems.

    Raises:
        UserError: a link leads out of the root.
    """
    lies = folder.resolve()
    if not lies.is_relative_to(root.resolve()):
        raise UserError(
            f"{folder} is a link to {lies}, outside of {root}; name {os.path.dirname(lies)} by "
            "--trainer.default_root_dir if that is meant"
        )
