"""A Claim, and the selections and number formats that checks of claims share.

A check is a function from a Snapshot to a list of claims.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from toysuper.snapshot import Snapshot


@dataclass(frozen=True)
class Claim:
    """One statement of the paper and whether it holds for the trained models.

    Args:
        name: short name, unique within a run.
        statement: what is measured.
        expected: the values for which the statement holds.
        measured: the values of the trained models.
        holds: the verdict; None if the run did not measure what the statement is about.
    """

    name: str
    statement: str
    expected: str
    measured: str
    holds: bool | None

    @property
    def verdict(self) -> str:
        """The verdict in words: ``holds``, ``FAILS`` or ``not measured``."""
        return {True: "holds", False: "FAILS", None: "not measured"}[self.holds]


def not_measured(name: str, statement: str, expected: str) -> Claim:
    """Return a claim without a verdict, for a run whose grid lacks the models it is about."""
    return Claim(name, statement, expected, "not in the grid", None)


def with_activation(snapshot: Snapshot, activation: str) -> Snapshot:
    """Select the instances of the paper's main model that have this output activation.

    The main model has tied weights, a linear hidden layer and the features as its target.
    """
    is_main_model = snapshot.reconstructs
    return snapshot.where(lambda i: bool(is_main_model[i]) and snapshot.activation[i] == activation)


def with_task(snapshot: Snapshot, task: str) -> Snapshot:
    """Select the instances with this task."""
    return snapshot.where(lambda i: snapshot.task[i] == task)


def at_density(snapshot: Snapshot, density: float) -> Snapshot | None:
    """Select the instances of one density, to one part in 1000; None if there are none."""
    common = snapshot.common_density()
    near = [i for i in range(len(snapshot)) if abs(float(common[i]) / density - 1) < 1e-3]
    return snapshot.pick(near) if near else None


def if_size(snapshot: Snapshot, n: int, m: int, ratio: float) -> Snapshot:
    """Select the instances of m hidden dimensions, if the features are as given; else none.

    Args:
        snapshot: the trained models.
        n: number of features.
        m: number of hidden dimensions.
        ratio: feature i has importance ``ratio**i``.
    """
    sizes = snapshot.hidden_sizes
    snapshot = snapshot.where(lambda i: int(sizes[i]) == m)
    importance = torch.tensor([ratio**i for i in range(n)], dtype=snapshot.importance.dtype)
    same_shape = snapshot.W.shape[1:] == (m, n)
    same = same_shape and torch.allclose(snapshot.importance, importance.expand(len(snapshot), n))
    return snapshot if same else snapshot.pick([])


def if_sets(snapshot: Snapshot, n: int, m: int, size: int) -> Snapshot:
    """Return all instances if their features are drawn in sets of one size, else none.

    Args:
        snapshot: the trained models.
        n: number of features.
        m: number of hidden dimensions.
        size: number of features in a set; features of a set are neighbours.
    """
    label = torch.arange(n) // size
    same = snapshot.W.shape[1:] == (m, n) and bool((snapshot.set_index == label).all())
    return snapshot if same else snapshot.pick([])


def best_of_cell(models: Snapshot | None) -> Snapshot | None:
    """Select the model of least loss, if all instances are seeds of one cell; else None."""
    best = models.best() if models else None
    return best if best and len(best) == 1 else None


def within(values: Tensor, low: Tensor | float, high: Tensor | float) -> bool:
    """Return whether every value lies in [low, high]. NaN lies in no interval."""
    return bool(((torch.as_tensor(values) >= low) & (torch.as_tensor(values) <= high)).all())


def format_values(values: Tensor | Sequence[float], form: str = ".3g") -> str:
    """Format numbers for a cell of the table.

    >>> format_values([1.0, 0.33333])
    '1, 0.333'
    """
    return ", ".join(f"{float(value):{form}}" for value in values)


def format_range(values: Tensor, form: str = ".4f") -> str:
    """Format the least and the largest value for a cell of the table.

    >>> format_range(torch.tensor([1.0, 0.5, 0.7]), ".1f")
    '0.5-1.0'
    """
    return f"{float(values.min()):{form}}-{float(values.max()):{form}}"
