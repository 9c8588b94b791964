"""What the folders of runs hold that a report shows."""

import base64
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import yaml
from PIL import Image, ImageSequence

from toysuper.collect import runs, table
from toysuper.errors import UserError
from toysuper.experiments import Experiment, experiments


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

    Raises:
        UserError: there is none.
    """
    found: dict[Path, list[Path]] = {}
    for run in runs(folder):
        found.setdefault(run.parent, []).append(run)
    if not found:
        raise UserError(f"'{folder}' holds no run that has ended; train first: toysuper fit …")
    known = {told.name: told for told in experiments()}
    shown = [_run(place, several, known.get(place.name)) for place, several in found.items()]
    return sorted(shown, key=lambda run: (run.told is None, run.told or (), run.name))


def _run(place: Path, several: Iterable[Path], told: Experiment | None) -> Run:
    trained, ended, run = max(
        (path.name.isdecimal(), (path / "instances.csv").stat().st_mtime, path) for path in several
    )
    config = (run / "config.yaml").read_text()
    given = [line for line in config.splitlines() if not line.endswith((": null", ": []"))]
    return Run(
        name=place.resolve().name,
        folder=run,
        told=told,
        pictures=[_picture(path) for path in _ordered(run, yaml.safe_load(config))],
        claims=table(run / "claims.csv"),
        config="\n".join(given),
        models=len(table(run / "instances.csv")),
        steps=f"{_steps(run):,} steps, " if trained else f"{run.name}, ",
        ended=datetime.fromtimestamp(ended).astimezone(),
        others=len(list(several)) - 1,
    )


def _steps(run: Path) -> int:
    """How far training came, as the checkpoints are called."""
    names = [path.stem.rpartition("step=")[2] for path in (run / "checkpoints").glob("*.ckpt")]
    return max((int(name) for name in names if name.isdecimal()), default=0)


def _ordered(run: Path, config: dict) -> list[Path]:
    """The figures as the config names them, then the animations."""
    given = config.get("figures") or {}
    names = [path.split(".")[-1] for kind in ("draw", "animate") for path in given.get(kind) or ()]
    paths = [*(run / "figures").glob("*.png"), *(run / "figures").glob("*.gif")]
    rank = {name: k for k, name in enumerate(names)}
    return sorted(paths, key=lambda path: (path.suffix == ".gif", rank.get(path.stem, 99), path))


def _picture(path: Path) -> Picture:
    with Image.open(path) as image:
        about = image.info.get("Description") or image.info.get("comment") or path.stem
        alt = about.decode(errors="ignore") if isinstance(about, bytes) else about
        if path.suffix == ".gif":
            *_, last = ImageSequence.Iterator(image)
            moving = _url("gif", path.read_bytes())
            return Picture(path.stem, alt, image.size, moving, _webp(last.convert("RGB")))
        return Picture(path.stem, alt, image.size, _webp(image.convert("RGB")))


def _webp(image: Image.Image) -> str:
    content = io.BytesIO()
    image.save(content, "webp", lossless=True, method=2)
    return _url("webp", content.getvalue())


def _url(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
