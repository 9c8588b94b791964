"""The folder of a run, ``<root>/<experiment>/<k>``, which one process at a time writes."""

from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from lightning.pytorch.loggers import TensorBoardLogger

from toysuper.errors import UserError
from toysuper.runs.files import list_tree, refuse_links


class RunFolder(TensorBoardLogger):
    """TensorBoard's logger in a folder that belongs to one run.

    The rank that writes calls :meth:`claim` before the trainer starts. Other ranks have no folder
    of their own; callbacks broadcast the path from rank 0 where they need it.

    Args:
        root: folder that contains the folders of all experiments.
        experiment: name of the experiment.
        prefix: what the folder's name begins with before its number: nothing for a training, the
            verb and an underscore for an evaluation.
        resumed: folder of an earlier run to go on with; None for a new folder.
        step: step from which TensorBoard drops what an earlier run logged.
    """

    def __init__(
        self,
        root: Path,
        experiment: str,
        prefix: str = "",
        resumed: Path | None = None,
        step: int | None = None,
    ) -> None:
        unclaimed = f"{prefix}of_rank_0"
        super().__init__(root, experiment, unclaimed, default_hp_metric=False, purge_step=step)
        self.root, self.prefix, self.resumed = root, prefix, resumed
        self.lock: FileLock | None = None

    def claim(self) -> None:
        """Make the folder, lock it for this process, and remove what an unfinished run left.

        Raises:
            UserError: another process writes the folder, or a link leads out of the root.
        """
        folder = self.resumed or self._make_folder()
        refuse_links(self.root, *list_tree(folder))  # whoever made it may lead out of the root
        self.lock = acquire_lock(folder)
        self._version = folder.name
        for old in (*folder.rglob("*.part"), folder / "instances.csv", folder / "claims.csv"):
            old.unlink(missing_ok=True)

    def finalize(self, status: str) -> None:
        """Close TensorBoard's file and release the folder."""
        super().finalize(status)
        if self.lock:
            self.lock.release()

    def __getstate__(self) -> dict[str, Any]:
        """Leave the lock to this process when a launcher sends the logger to another one."""
        return {**super().__getstate__(), "lock": None}

    def _make_folder(self) -> Path:
        folder = self.root / self.name
        refuse_links(self.root, folder)
        folder.mkdir(parents=True, exist_ok=True)
        newest = next(iter(list_runs(folder, self.prefix)), None)
        for k in count(_number(newest, self.prefix) + 1 if newest else 0):
            with suppress(FileExistsError):  # another run made it in the meantime
                (folder / f"{self.prefix}{k}").mkdir()
                break
        return folder / f"{self.prefix}{k}"


def refuse_used(folder: str | None) -> None:
    """Refuse the folder of a logger that holds files, which it would delete or mix with its own.

    Args:
        folder: its path; None for a logger without one.

    Raises:
        UserError: it holds files.
    """
    if folder and Path(folder).is_dir() and any(Path(folder).iterdir()):
        raise UserError(
            f"{folder} holds what an earlier run logged; give the logger another name or version"
        )


def list_runs(folder: Path, prefix: str = "") -> list[Path]:
    """Return the run folders of an experiment, the latest first.

    Args:
        folder: the folder of the experiment.
        prefix: what the names begin with before their number; see :class:`RunFolder`.
    """
    folders = [path for path in folder.glob(f"{prefix}*") if path.is_dir()]
    numbered = [path for path in folders if path.name.removeprefix(prefix).isdecimal()]
    return sorted(numbered, key=lambda path: _number(path, prefix), reverse=True)


def _number(folder: Path, prefix: str) -> int:
    return int(folder.name.removeprefix(prefix))


def acquire_lock(folder: Path) -> FileLock:
    """Lock a run folder until this process ends; the system releases the lock of a killed one.

    Raises:
        UserError: another process holds the lock.
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
