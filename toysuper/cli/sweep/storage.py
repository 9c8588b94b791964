"""Where the points of a sweep are stored, and the lock of each point."""

import os
import time
from pathlib import Path
from typing import Any

from filelock import FileLock

from toysuper.errors import UserError
from toysuper.runs.files import check_regular, refuse_links, refuse_other_names

MAX_BYTES = 1 << 26
"""Largest file of points, those of some 100,000 runs."""
STALE = 60
"""Seconds after which Optuna's lock belongs to no process: it holds it while it writes a line."""


def open_study(path: Path) -> Any:
    """Open the Optuna study in a file, or start one.

    Raises:
        UserError: Optuna is not installed, or the file is damaged or is somebody else's, too.
    """
    try:
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend
    except ImportError as error:
        raise UserError("a sweep needs Optuna: pip install optuna") from error
    if path.exists():
        refuse_other_names(path.parent, path)
        check_regular(path, MAX_BYTES)
    lock = path.with_name(f"{path.name}.lock")
    if os.path.lexists(lock) and abs(time.time() - lock.lstat().st_mtime) > STALE:
        lock.unlink()  # Optuna's own, of a process that was killed
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        storage = JournalStorage(JournalFileBackend(str(path)))
        return optuna.create_study(storage=storage, study_name="toysuper", load_if_exists=True)
    except Exception as error:  # anyone may have written the file
        raise UserError(f"{path} is damaged ({error!r}); give the sweep another --name") from error


def trial_state(name: str) -> Any:
    """Return Optuna's state of a trial by its name."""
    from optuna.trial import TrialState

    return TrialState[name]


def acquire_lock(root: Path, folder: Path) -> Any:
    """Lock the folder of a point, so that no other process works on it.

    The system releases the lock when the last process ends that holds it, however it ends. A
    child that inherits :func:`descriptors` holds it as long as it runs, even if its parent is
    killed.

    Args:
        root: folder that the point's folder has to lie in.
        folder: folder of the point.

    Returns:
        A context manager that releases the lock.

    Raises:
        filelock.Timeout: another process works on the point.
    """
    refuse_links(root, folder, folder / ".point")
    folder.mkdir(exist_ok=True)
    return FileLock(folder / ".point").acquire(blocking=False)


def descriptors(lock: Any) -> tuple[int, ...]:
    """Return the file descriptors of a lock, for children to inherit; none on Windows.

    Args:
        lock: what :func:`acquire_lock` returned.
    """
    return (lock.lock._context.lock_file_fd,) if os.name == "posix" else ()
