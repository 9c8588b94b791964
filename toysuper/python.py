"""Training from a notebook or a script, without files."""

import shlex

from toysuper.callbacks.waiting import Waiting
from toysuper.cli.lightning import run
from toysuper.snapshot import Snapshot

QUIET = (
    "--trainer.logger false --trainer.enable_progress_bar false --figures.draw [] --claims.check []"
)
"""Nothing on disk, nothing on the screen; figures and claims are for the caller to call."""


def train(arguments: str) -> Snapshot:
    """Train as ``toysuper fit`` does with these arguments, and write nothing.

    Raises:
        SystemExit, UserError: an argument or a config is wrong.

    >>> snapshot = train("--config intro --trainer.max_steps 2 --model.jit false")
    >>> snapshot.W.shape, snapshot.step
    (torch.Size([72, 2, 5]), 2)
    """
    silent = Waiting.silent
    try:
        cli = run(["fit", *shlex.split(arguments), *shlex.split(QUIET)])
    finally:
        Waiting.silent = silent
    return cli.model.snapshot(cli.datamodule)
