"""Run folders, ``<root>/<experiment>/<k>``: one writer each, found again to go on."""

from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from lightning.pytorch.loggers import TensorBoardLogger
from lightning_utilities.core.rank_zero import rank_zero_only

from toysuper.cli.configs import flat
from toysuper.errors import UserError
from toysuper.runs.files import refuse_links


class RunFolder(TensorBoardLogger):
    """TensorBoard in a folder that is this run's alone from the first file on.

    Args:
        root: where the folders of all experiments lie.
        experiment: whose run it is.
        prefix: before the number, the verb of an evaluation; a training has none.
        resumed: the folder of an earlier run to go on with; without, a new one.
        step: from where on TensorBoard shall drop what was logged.
    """

    def __init__(
        self,
        root: Path,
        experiment: str,
        prefix: str = "",
        resumed: Path | None = None,
        step: int | None = None,
    ) -> None:
        super().__init__(root, experiment, default_hp_metric=False, purge_step=step)
        self.root, self.prefix, self.resumed = root, prefix, resumed
        self.lock: FileLock | None = None

    @property
    def version(self) -> Any:
        """The folder's name, claimed when it is first asked for; rank 0 alone writes."""
        if self._version is None:
            mine = getattr(rank_zero_only, "rank", 0) == 0
            self._version = self._claimed() if mine else f"{self.prefix}of_rank_0"
        return self._version

    def finalize(self, status: str) -> None:
        """Leave the folder to others."""
        super().finalize(status)
        if self.lock:
            self.lock.release()

    def _claimed(self) -> str:
        folder = self.resumed or self._new()
        self.lock = hold(folder)
        for old in (*folder.rglob("*.part"), folder / "instances.csv", folder / "claims.csv"):
            old.unlink(missing_ok=True)  # of a run that had not ended, or shall not have yet
        return folder.name

    def _new(self) -> Path:
        folder = self.root / self.name
        refuse_links(self.root, folder)
        folder.mkdir(parents=True, exist_ok=True)
        newest = next(iter(versions(folder, self.prefix)), None)
        for k in count(_number(newest, self.prefix) + 1 if newest else 0):
            with suppress(FileExistsError):  # another run was quicker
                (folder / f"{self.prefix}{k}").mkdir()
                break
        return folder / f"{self.prefix}{k}"


def versions(folder: Path, prefix: str = "") -> list[Path]:
    """The runs of an experiment, the latest first."""
    found = [path for path in folder.glob(f"{prefix}*") if path.is_dir()]
    numbered = [path for path in found if path.name.removeprefix(prefix).isdecimal()]
    return sorted(numbered, key=lambda path: _number(path, prefix), reverse=True)


def _number(folder: Path, prefix: str) -> int:
    return int(folder.name.removeprefix(prefix))


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
        then, now = (flat(config[section], section) for config in (theirs, ours))
        for key in then.keys() | now.keys():
            if then.get(key) != now.get(key):
                raise UserError(
                    f"--ckpt_path last would go on with {run}, where {key} is {then.get(key)} and "
                    f"not {now.get(key)}; name the checkpoint itself to start a new run from it"
                )
