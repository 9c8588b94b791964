"""Render runs as one HTML page that needs no network and no other file."""

import shlex
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from toysuper import __version__
from toysuper.cli.report.gather import VERDICTS, Run
from toysuper.cli.report.story import STORY

FOLDER = Path(__file__).parent
FIGURE_DPI, PAGE_DPI = 150, 96
"""Resolution of saved figures, and that of a page in CSS, in dots per inch."""
OWN = "Your own experiments"


def render_page(folder: Path, runs: Sequence[Run]) -> str:
    """Render the page, with every figure inside it.

    Args:
        folder: the folder of the runs, which the page names.
        runs: one run of each experiment, in the order of the page.
    """
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html").render(
        style=Markup((FOLDER / "page.css").read_text(encoding="utf-8")),
        folder=folder,
        quote=lambda path: shlex.quote(str(path)),
        chapters=_chapters(runs),
        experiments=len(runs),
        pictures=sum(len(run.pictures) for run in runs),
        verdicts=count_verdicts(runs),
        scale=PAGE_DPI / FIGURE_DPI,
        words=VERDICTS,
        version=__version__,
        now=datetime.now().astimezone(),
    )


def count_verdicts(runs: Sequence[Run]) -> Counter[str]:
    """Count the claims that hold, fail, and were not measured."""
    return Counter(claim["holds"] for run in runs for claim in run.claims)


def _chapters(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Group the runs by section of the paper."""
    return [
        {
            "title": title,
            "id": title.lower().replace(" ", "-"),
            "story": STORY.get(title, ""),
            "runs": list(group),
        }
        for title, group in groupby(runs, key=_section)
    ]


def _section(run: Run) -> str:
    return run.experiment.section if run.experiment else OWN
