"""Where the points of a sweep are kept, and who works on which."""

import fcntl
from pathlib import Path
from typing import Any

from toysuper.errors import UserError
from toysuper.runs.files import refuse_links


def study(path: Path) -> Any:
    """What Optuna has in a file, or a new study.

    Raises:
        UserError: Optuna is not there.
    """
    try:
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend
    except ImportError as error:
        raise UserError("a sweep needs Optuna: pip install optuna") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = JournalStorage(JournalFileBackend(str(path)))
    return optuna.create_study(storage=storage, study_name="toysuper", load_if_exists=True)


def state(name: str) -> Any:
    """Optuna's state of that name."""
    from optuna.trial import TrialState

    return TrialState[name]


def hold(root: Path, place: Path) -> Any:
    """A file that is ours, or its heirs', until all have closed it."""
    refuse_links(root, place, place / ".point")
    place.mkdir(exist_ok=True)
    file = (place / ".point").open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise
    return file
