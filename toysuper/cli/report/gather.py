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
MAX_PIXELS, MAX_FRAME, MAX_FRAMES = 1 << 29, 1 << 26, 1000
"""Most pixels of an animation and of a single picture, and most frames."""
MAX_PICTURES, MAX_CLAIMS, MAX_LETTERS = 100, 1000, 1000
"""Most pictures and claims of a run that are shown, and most letters of each."""
MAX_TRIED = 5
"""Runs of an experiment that are tried until one can be read."""
MAX_PAGE = 1 << 27
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
            run = _read_newest(parent, paths, experiments.get(parent.resolve().name))
        if run and (size := size + _letters(run)) > MAX_PAGE:
            left_out = f"toysuper: left out: pictures and claims of {parent}"
            print(printable(left_out), file=sys.stderr)
            run = run._replace(pictures=[], claims=[])
        runs += [run] if run else []
    if not runs:
        raise UserError(f"no run of '{folder}' can be read")
    return sorted(runs, key=lambda run: (run.experiment is None, run.experiment or (), run.name))


def _read_newest(parent: Path, paths: list[Path], experiment: Experiment | None) -> Run | None:
    """Read the newest run that can be read; evaluations come after all trainings."""
    dates = [read_or_skip(_date, path) for path in paths]
    dated = [(path.name.isdecimal(), d, path) for path, d in zip(paths, dates, strict=True) if d]
    for is_training, ended, path in sorted(dated, reverse=True)[:MAX_TRIED]:
        others = len(paths) - 1
        if run := read_or_skip(_read_run, path, ended, is_training, experiment, others):
            return run
    return None


def _date(run: Path) -> float:
    return (run / "instances.csv").stat().st_mtime


def _letters(run: Run) -> int:
    texts = [text for p in run.pictures for text in (p.url, p.still, p.alt)]
    texts += [text for claim in run.claims for text in claim.values()]
    return sum(map(len, texts))


def _read_run(
    run: Path, ended: float, is_training: bool, experiment: Experiment | None, others: int
) -> Run:
    config = load_run_config(run)
    files = _sort_pictures(run, config)[:MAX_PICTURES]
    pictures = [read_or_skip(_read_picture, run, file) for file in files]
    return Run(
        name=run.resolve().parent.name,
        folder=run,
        experiment=experiment,
        pictures=[picture for picture in pictures if picture],
        claims=[
            {column: row.get(column, "")[:MAX_LETTERS] for column in CLAIM}
            for row in read_csv(run, "claims.csv")[:MAX_CLAIMS]
            if row.get("holds") in VERDICTS
        ],
        config=without_nulls(read_below(run, run / "config.yaml").decode("utf-8")),
        models=len(read_csv(run, "instances.csv")),
        steps=f"{_count_steps(run):,} steps, " if is_training else f"{run.name}, ",
        ended=datetime.fromtimestamp(ended).astimezone(),
        others=others,
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
        return Picture(path.stem, alt[:MAX_LETTERS], image.size, url, still)


def _last_frame(image: Image.Image, path: Path) -> Image.Image:
    """Decode an image, frame by frame, until it has too many pixels."""
    pixels = image.width * image.height
    if pixels > MAX_FRAME:
        raise UserError(f"{path} has more than {MAX_FRAME:,} pixels")
    for k, frame in enumerate(ImageSequence.Iterator(image), start=1):
        if k * pixels > MAX_PIXELS or k > MAX_FRAMES:
            most = f"{MAX_PIXELS:,} pixels or {MAX_FRAMES:,} frames"
            raise UserError(f"{path} unpacks to more than {most}")
        last = frame
    return last.convert("RGB")


def _webp(image: Image.Image) -> str:
    content = io.BytesIO()
    image.save(content, "webp", lossless=True, method=2)
    return _url("webp", content.getvalue())


def _url(image_format: str, content: bytes) -> str:
    return f"data:image/{image_format};base64,{base64.b64encode(content).decode()}"
