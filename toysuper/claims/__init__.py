"""Claims of the paper: what a Snapshot measures against what the paper expects."""

from toysuper.claims.base import (
    Claim,
    at_density,
    best_of_cell,
    format_range,
    format_values,
    if_sets,
    if_size,
    not_measured,
    with_activation,
    with_task,
    within,
)
from toysuper.claims.rotations import invariance
from toysuper.claims.tables import markdown, table
from toysuper.claims.tight_frames import sum_rule

__all__ = [
    "Claim",
    "at_density",
    "best_of_cell",
    "format_range",
    "format_values",
    "if_sets",
    "if_size",
    "invariance",
    "markdown",
    "not_measured",
    "sum_rule",
    "table",
    "with_activation",
    "with_task",
    "within",
]
