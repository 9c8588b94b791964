"""The verdict on one statement of the paper."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from torch import Tensor

from toysuper.snapshot import Snapshot

HEADERS = ["claim", "statement", "expected", "measured", "verdict"]


@dataclass(frozen=True)
class Claim:
    """One line of the claims table.

    ``holds`` is None where the run did not measure what the claim speaks of.
    """

    name: str
    statement: str
    expected: str
    measured: str
    holds: bool | None

    @property
    def verdict(self) -> str:
        """The word in the table's last column."""
        return {True: "holds", False: "FAILS", None: "not measured"}[self.holds]


def only(snapshot: Snapshot, activation: str) -> Snapshot:
    """The instances that reconstruct as the paper's main model does, with that activation."""
    kept = snapshot.reconstructs
    return snapshot.where(lambda i: bool(kept[i]) and snapshot.activation[i] == activation)


def at(snapshot: Snapshot, density: float) -> Snapshot | None:
    """The instances of one density, to one part in a thousand; None where there is none."""
    common = snapshot.common_density()
    near = [i for i in range(len(snapshot)) if abs(float(common[i]) / density - 1) < 1e-3]
    return snapshot.pick(near) if near else None


def of_size(snapshot: Snapshot, n: int, m: int, ratio: float) -> Snapshot:
    """The instances of m dimensions if they have n features and importance ratio^i, else none."""
    used = snapshot.dimensions
    snapshot = snapshot.where(lambda i: int(used[i]) == m)
    importance = torch.tensor([ratio**i for i in range(n)], dtype=snapshot.importance.dtype)
    same_shape = snapshot.W.shape[1:] == (m, n)
    same = same_shape and torch.allclose(snapshot.importance, importance.expand(len(snapshot), n))
    return snapshot if same else snapshot.pick([])


def sole(models: Snapshot | None) -> Snapshot | None:
    """The best model, if the instances are seeds of one cell; else None."""
    best = models.best() if models else None
    return best if best and len(best) == 1 else None


def tasked(snapshot: Snapshot, task: str) -> Snapshot:
    """The instances with that task."""
    return snapshot.where(lambda i: snapshot.task[i] == task)


def absent(name: str, statement: str, expected: str) -> Claim:
    """A claim that this run's grid does not speak of."""
    return Claim(name, statement, expected, "not in the grid", None)


def numbers(values: Tensor | Sequence[float], form: str = ".3g") -> str:
    """Numbers of a table cell.

    >>> numbers([1.0, 0.33333])
    '1, 0.333'
    """
    return ", ".join(f"{float(value):{form}}" for value in values)


def within(values: Tensor, low: Tensor | float, high: Tensor | float) -> bool:
    """Whether every value lies in [low, high]; NaN never does."""
    return bool(((torch.as_tensor(values) >= low) & (torch.as_tensor(values) <= high)).all())


def table(claims: Iterable[Claim], width: int | None = None) -> str:
    """Format claims as a table.

    Args:
        claims: the rows.
        width: longest line, in letters, to which cells are wrapped; None for no limit.

    >>> print(table([Claim("A", "one is one", "1", "1.0", True)]))
    claim   statement    expected   measured   verdict
    ──────────────────────────────────────────────────
    A       one is one   1          1.0        holds
    >>> print(table([Claim("A", "one is one", "1", "1.0", True)], width=49))
    claim   statement   expected   measured   verdict
    ─────────────────────────────────────────────────
    A       one is      1          1.0        holds
            one
    """
    grid = Table(*HEADERS, box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for claim in claims:
        grid.add_row(*_cells(claim))
    grid.columns[0].no_wrap = grid.columns[-1].no_wrap = True
    console = Console(width=width or 100_000, color_system=None, markup=False, emoji=False)
    with console.capture() as capture:
        console.print(grid)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def markdown(claims: Iterable[Claim]) -> str:
    """Format claims as a table in Markdown.

    >>> print(markdown([Claim("A", "|x| is x", "1", "1.0", True)]))
    | claim | statement | expected | measured | verdict |
    | --- | --- | --- | --- | --- |
    | A | &#124;x&#124; is x | 1 | 1.0 | holds |
    """
    rows = [HEADERS, ["---"] * len(HEADERS)]
    rows += [[cell.replace("|", "&#124;") for cell in _cells(claim)] for claim in claims]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cells(claim: Claim) -> list[str]:
    return [claim.name, claim.statement, claim.expected, claim.measured, claim.verdict]
