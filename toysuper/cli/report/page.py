"""The runs as one HTML page that needs nothing else: no network, no other file."""

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

HERE = Path(__file__).parent
DOTS = 150  # of a figure, an inch; a page has 96
OWN = "Your own experiments"


def page(folder: Path, runs: Sequence[Run]) -> str:
    """The page, with every figure inside it."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html").render(
        style=Markup((HERE / "page.css").read_text()),
        folder=folder,
        quote=lambda path: shlex.quote(str(path)),
        chapters=_chapters(runs),
        experiments=len(runs),
        pictures=sum(len(run.pictures) for run in runs),
        verdicts=verdicts(runs),
        scale=96 / DOTS,
        words=VERDICTS,
        version=__version__,
        now=datetime.now().astimezone(),
    )


def verdicts(runs: Sequence[Run]) -> Counter[str]:
    """How many claims hold, fail, and were not measured."""
    return Counter(claim["holds"] for run in runs for claim in run.claims)


def _chapters(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Runs of one section together."""
    return [
        {
            "title": title,
            "id": title.lower().replace(" ", "-"),
            "story": STORY.get(title, ""),
            "runs": list(group),
        }
        for title, group in groupby(runs, key=lambda run: run.told.section if run.told else OWN)
    ]
