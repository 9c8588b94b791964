"""Read from the folders of runs what the report shows."""

import base64
import io
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image, ImageSequence

from toysuper.callbacks.waiting import Waiting
from toysuper.cli.collect import finished_runs, read_csv, read_or_skip
from toysuper.cli.configs import Experiment, list_experiments
from toysuper.errors import UserError, printable
from toysuper.runs.files import read_below
from toysuper.runs.saved_config import flatten, load_run_config, without_nulls

VERDICTS = {"holds": ("✓", "hold"), "FAILS": ("✗", "fail"), "not measured": ("–", "not measured")}
"""Mark and plural of each verdict in claims.csv."""
CLAIM = ("name", "statement", "expected", "measured", "holds")
"""Columns of claims.csv that the page shows."""
MAX_BYTES = 1 << 24
"""Largest picture that the page includes."""
MAX_PIXELS, MAX_FRAME = 1 << 29, 1 << 26
"""Most pixels of an animation, and of a single picture."""
MAX_PICTURES, MAX_CLAIMS = 100, 1000
"""Most pictures and claims of a run that are shown."""
MAX_PAGE = 1 << 28
"""Most letters of all pictures together; the runs after that are shown without."""


class Picture(NamedTuple):
    """An image for the page.

    Args:
        name: name of its file, without the ending.
        alt: description for those who cannot see it.
        size: width and height in pixels.
        url: data URL of the image.
        still: data URL of an animation's last frame; empty for a figure.
    """

    name: str
    alt: str
    size: tuple[int, int]
    url: str
    still: str = ""


class Run(NamedTuple):
    """The one run of an experiment that the page shows.

    Args:
        name: name of the experiment.
        folder: folder of the run.
        experiment: what the bundled config says about the experiment; None for a user's own.
        pictures: figures, then animations.
        claims: rows of ``claims.csv``.
        config: text of ``config.yaml`` without what is not set.
        models: number of models.
        steps: how long it trained, or which evaluation it is.
        ended: time of the last table.
        others: number of the experiment's other runs.
    """

    name: str
    folder: Path
    experiment: Experiment | None
    pictures: Sequence[Picture]
    claims: Sequence[dict[str, str]]
    config: str
    models: int
    steps: str
    ended: datetime
    others: int


def gather(folder: Path) -> list[Run]:
    """Read, of each experiment, the training that ended last.

    Experiments are in the order of the paper, and a user's own follow. A damaged run is named on
    the screen and left out.

    Raises:
        UserError: no run in the folder has ended.
    """
    by_experiment: dict[Path, list[Path]] = {}
    for path in finished_runs(folder):
        by_experiment.setdefault(path.parent, []).append(path)
    experiments = {experiment.name: experiment for experiment in list_experiments()}
    runs, size = [], 0
    for parent, paths in by_experiment.items():
        with Waiting(f"reading {parent}"):
            run = read_or_skip(_read_run, parent, paths, experiments.get(parent.resolve().name))
        if run and (size := size + sum(len(p.url + p.still) for p in run.pictures)) > MAX_PAGE:
            print(printable(f"toysuper: left out: pictures of {parent}"), file=sys.stderr)
            run = run._replace(pictures=[])
        runs += [run] if run else []
    if not runs:
        raise UserError(f"no run of '{folder}' can be read")
    return sorted(runs, key=lambda run: (run.experiment is None, run.experiment or (), run.name))


def _read_run(parent: Path, paths: Sequence[Path], experiment: Experiment | None) -> Run:
    """Read the newest run; an evaluation stands for an experiment only if no training does."""
    is_training, ended, run = max(
        (path.name.isdecimal(), (path / "instances.csv").stat().st_mtime, path) for path in paths
    )
    config = load_run_config(run)
    files = _sort_pictures(run, config)[:MAX_PICTURES]
    pictures = [read_or_skip(_read_picture, run, file) for file in files]
    return Run(
        name=run.resolve().parent.name,
        folder=run,
        experiment=experiment,
        pictures=[picture for picture in pictures if picture],
        claims=[
            {column: row.get(column, "") for column in CLAIM}
            for row in read_csv(run, "claims.csv")[:MAX_CLAIMS]
            if row.get("holds") in VERDICTS
        ],
        config=without_nulls(read_below(run, run / "config.yaml").decode("utf-8")),
        models=len(read_csv(run, "instances.csv")),
        steps=f"{_count_steps(run):,} steps, " if is_training else f"{run.name}, ",
        ended=datetime.fromtimestamp(ended).astimezone(),
        others=len(paths) - 1,
    )


def _count_steps(run: Path) -> int:
    """Read the last step from the names of the checkpoints."""
    names = [path.stem.rpartition("step=")[2] for path in (run / "checkpoints").glob("*.ckpt")]
    return max((int(name) for name in names if name.isdecimal()), default=0)


def _sort_pictures(run: Path, config: dict[str, Any]) -> list[Path]:
    """Sort the figures as the config names them, then the animations."""
    settings = flatten(config.get("figures"), "figures")
    lists = [settings.get(f"figures.{key}") for key in ("draw", "animate")]
    functions = [str(name) for names in lists if isinstance(names, list) for name in names]
    rank = {function.rpartition(".")[2]: k for k, function in enumerate(functions)}
    files = [*(run / "figures").glob("*.png"), *(run / "figures").glob("*.gif")]
    return sorted(files, key=lambda file: (file.suffix == ".gif", rank.get(file.stem, 99), file))


def _read_picture(run: Path, path: Path) -> Picture:
    """Read an image.

    Raises:
        UserError: it lies elsewhere, or is too large.
    """
    content, is_animation = read_below(run, path, MAX_BYTES), path.suffix == ".gif"
    with Image.open(io.BytesIO(content), formats=["PNG", "GIF"]) as image:
        text = image.info.get("Description") or image.info.get("comment") or path.stem
        alt = text.decode(errors="replace") if isinstance(text, bytes) else text
        still = _webp(_last_frame(image, path))
        url, still = (_url("gif", content), still) if is_animation else (still, "")
        return Picture(path.stem, alt, image.size, url, still)


def _last_frame(image: Image.Image, path: Path) -> Image.Image:
    """Decode an image, frame by frame, until it has too many pixels."""
    pixels = image.width * image.height
    if pixels > MAX_FRAME:
        raise UserError(f"{path} has more than {MAX_FRAME:,} pixels")
    for k, frame in enumerate(ImageSequence.Iterator(image), start=1):
        if k * pixels > MAX_PIXELS:
            raise UserError(f"{path} unpacks to more than {MAX_PIXELS:,} pixels")
        last = frame
    return last.convert("RGB")


def _webp(image: Image.Image) -> str:
    content = io.BytesIO()
    image.save(content, "webp", lossless=True, method=2)
    return _url("webp", content.getvalue())


def _url(image_format: str, content: bytes) -> str:
    return f"data:image/{image_format};base64,{base64.b64encode(content).decode()}"
