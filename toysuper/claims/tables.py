"""Tables of claims, as text and as Markdown."""

import sys
from collections.abc import Iterable, Sequence
from itertools import chain, zip_longest
from textwrap import wrap

from toysuper.claims.base import Claim


def table(claims: Iterable[Claim], width: int | None = None) -> str:
    """Format claims as aligned text. Cells wrap if lines would be longer than ``width``.

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
    """Compute the column widths. The middle three columns get narrower, the longest first."""
    widths = [max(len(row[k]) for row in rows) for k in range(5)]
    least = [len(name) for name in rows[0]]
    while sum(widths) + 8 > total:
        longest = max((1, 2, 3), key=lambda k: widths[k] - least[k])
        if widths[longest] <= least[longest]:
            break
        widths[longest] -= 1
    return widths


def _lines(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Format one row. Cells longer than their column take several lines."""
    cells = [wrap(cell, width) or [""] for cell, width in zip(row, widths, strict=True)]
    return [
        "  ".join(part.ljust(width) for part, width in zip(parts, widths, strict=True))
        for parts in zip_longest(*cells, fillvalue="")
    ]


def markdown(claims: Iterable[Claim]) -> str:
    """Format claims as a table in Markdown.

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
