"""Tables of claims, for the terminal and for TensorBoard."""

from collections.abc import Iterable

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from toysuper.claims.base import Claim

HEADERS = ("claim", "statement", "expected", "measured", "verdict")


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
    plain = {"color_system": None, "markup": False, "emoji": False, "force_jupyter": False}
    console = Console(width=width or 100_000, **plain)  # type: ignore[arg-type]
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
