"""The verdict on one statement of the paper."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from textwrap import wrap

import torch
from torch import Tensor

from toysuper.snapshot import Snapshot


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
    used = snapshot.hidden_sizes
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
    """The claims as aligned text; cells wrap where lines would be longer than ``width``.

    >>> print(table([Claim("A", "one is one", "1", "1.0", True)]))
    claim  statement   expected  measured  verdict
    -----  ----------  --------  --------  -------
    A      one is one  1         1.0       holds
    >>> print(table([Claim("A", "one is one", "1", "1.0", True)], width=42))
    claim  statement  expected  measured  verdict
    -----  ---------  --------  --------  -------
    A      one is     1         1.0       holds
           one
    """
    rows = _rows(claims)
    widths = _widths(rows, width or sys.maxsize)
    head, *body = [_lines(row, widths) for row in rows]
    lines = [*head, "  ".join("-" * width for width in widths), *chain(*body)]
    return "\n".join(line.rstrip() for line in lines)


def _widths(rows: Sequence[Sequence[str]], total: int) -> list[int]:
    """Of the columns; statement, expected and measured give way, the longest first."""
    widths = [max(len(row[k]) for row in rows) for k in range(5)]
    least = [len(name) for name in rows[0]]
    while sum(widths) + 8 > total:
        longest = max((1, 2, 3), key=lambda k: widths[k] - least[k])
        if widths[longest] <= least[longest]:
            break
        widths[longest] -= 1
    return widths


def _lines(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """One row of the table, its longer cells on several lines."""
    cells = [wrap(cell, width) or [""] for cell, width in zip(row, widths, strict=True)]
    return [
        "  ".join(part.ljust(width) for part, width in zip(parts, widths, strict=True))
        for parts in zip_longest(*cells, fillvalue="")
    ]


def markdown(claims: Iterable[Claim]) -> str:
    """The claims as a table of Markdown.

    >>> print(markdown([Claim("A", "|x| is x", "1", "1.0", True)]))
    | claim | statement | expected | measured | verdict |
    |---|---|---|---|---|
    | A | &#124;x&#124; is x | 1 | 1.0 | holds |
    """
    rows = [[cell.replace("|", "&#124;") for cell in row] for row in _rows(claims)]
    head, *body = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([head, "|---" * 5 + "|", *body])


def _rows(claims: Iterable[Claim]) -> list[tuple[str, ...]]:
    head = ("claim", "statement", "expected", "measured", "verdict")
    return [head, *((c.name, c.statement, c.expected, c.measured, c.verdict) for c in claims)]
