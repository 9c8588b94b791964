"""What the folders of runs hold that a report shows."""

import base64
import io
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image, ImageSequence

from toysuper.callbacks.waiting import Waiting
from toysuper.cli.collect import config_of, runs, table
from toysuper.cli.configs import flat, without_nulls
from toysuper.cli.listing import Experiment, experiments
from toysuper.errors import UserError

VERDICTS = {"holds": ("✓", "hold"), "FAILS": ("✗", "fail"), "not measured": ("–", "not measured")}
"""A mark, and the word for several, by the word that claims.csv has."""


class Picture(NamedTuple):
    """An image as a data URL; ``still`` is an animation's last frame."""

    name: str
    alt: str
    size: tuple[int, int]
    url: str
    still: str = ""


class Run(NamedTuple):
    """One run of an experiment, the only one that is shown of it."""

    name: str
    folder: Path
    told: Experiment | None
    pictures: Sequence[Picture]
    claims: Sequence[dict[str, str]]
    config: str
    models: int
    steps: str
    ended: datetime
    others: int


def gather(folder: Path) -> list[Run]:
    """Of each experiment the training that ended last, in the order of the paper, own ones after.

    What is damaged is named on the screen and left out.

    Raises:
        UserError: there is none.
    """
    found: dict[Path, list[Path]] = {}
    for run in runs(folder):
        found.setdefault(run.parent, []).append(run)
    known = {told.name: told for told in experiments()}
    shown = []
    for place, several in found.items():
        with Waiting(f"reading {place}"):
            try:
                shown.append(_run(several, known.get(place.resolve().name)))
            except UserError as error:
                print(f"toysuper: left out: {error}", file=sys.stderr)
    return sorted(shown, key=lambda run: (run.told is None, run.told or (), run.name))


def _run(several: Sequence[Path], told: Experiment | None) -> Run:
    """An evaluation stands for an experiment only where no training does."""
    trained, ended, run = max(
        (path.name.isdecimal(), (path / "instances.csv").stat().st_mtime, path) for path in several
    )
    config = config_of(run)
    pictures = (_picture(path) for path in _ordered(run, config))
    return Run(
        name=run.resolve().parent.name,
        folder=run,
        told=told,
        pictures=[picture for picture in pictures if picture],
        claims=[row for row in table(run / "claims.csv") if row.get("holds") in VERDICTS],
        config=without_nulls((run / "config.yaml").read_text()),
        models=len(table(run / "instances.csv")),
        steps=f"{_steps(run):,} steps, " if trained else f"{run.name}, ",
        ended=datetime.fromtimestamp(ended).astimezone(),
        others=len(several) - 1,
    )


def _steps(run: Path) -> int:
    """How far training came, as the checkpoints are called."""
    names = [path.stem.rpartition("step=")[2] for path in (run / "checkpoints").glob("*.ckpt")]
    return max((int(name) for name in names if name.isdecimal()), default=0)


def _ordered(run: Path, config: dict[str, Any]) -> list[Path]:
    """The figures as the config names them, then the animations."""
    given = flat(config.get("figures"), "figures")
    drawn = [given.get(f"figures.{kind}") for kind in ("draw", "animate")]
    paths = [str(path) for several in drawn if isinstance(several, list) for path in several]
    names = [path.rpartition(".")[2] for path in paths]
    rank = {name: k for k, name in enumerate(names)}
    files = [*(run / "figures").glob("*.png"), *(run / "figures").glob("*.gif")]
    return sorted(files, key=lambda file: (file.suffix == ".gif", rank.get(file.stem, 99), file))


def _picture(path: Path) -> Picture | None:
    """None, and a word on the screen, where the file is damaged."""
    try:
        with Image.open(path) as image:
            about = image.info.get("Description") or image.info.get("comment") or path.stem
            alt = about.decode(errors="replace") if isinstance(about, bytes) else about
            moves = path.suffix == ".gif"
            *_, last = ImageSequence.Iterator(image)
            still = _webp(last.convert("RGB"))
            url, still = (_url("gif", path.read_bytes()), still) if moves else (still, "")
            return Picture(path.stem, alt, image.size, url, still)
    except (OSError, ValueError, SyntaxError) as error:
        print(f"toysuper: left out: {path} is no picture ({error})", file=sys.stderr)
        return None


def _webp(image: Image.Image) -> str:
    content = io.BytesIO()
    image.save(content, "webp", lossless=True, method=2)
    return _url("webp", content.getvalue())


def _url(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
