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
from toysuper.cli.collect import finished_runs, read_csv
from toysuper.cli.configs import Experiment, list_experiments
from toysuper.errors import UserError
from toysuper.runs.saved_config import flatten, load_run_config, without_nulls

VERDICTS = {"holds": ("✓", "hold"), "FAILS": ("✗", "fail"), "not measured": ("–", "not measured")}
"""Mark and plural of each verdict in claims.csv."""


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
    runs = []
    for parent, paths in by_experiment.items():
        with Waiting(f"reading {parent}"):
            try:
                runs.append(_read_run(paths, experiments.get(parent.resolve().name)))
            except UserError as error:
                print(f"toysuper: left out: {error}", file=sys.stderr)
    return sorted(runs, key=lambda run: (run.experiment is None, run.experiment or (), run.name))


def _read_run(paths: Sequence[Path], experiment: Experiment | None) -> Run:
    """Read the newest run; an evaluation stands for an experiment only if no training does."""
    is_training, ended, run = max(
        (path.name.isdecimal(), (path / "instances.csv").stat().st_mtime, path) for path in paths
    )
    config = load_run_config(run)
    pictures = (_read_picture(path) for path in _sort_pictures(run, config))
    return Run(
        name=run.resolve().parent.name,
        folder=run,
        experiment=experiment,
        pictures=[picture for picture in pictures if picture],
        claims=[row for row in read_csv(run / "claims.csv") if row.get("holds") in VERDICTS],
        config=without_nulls((run / "config.yaml").read_text(encoding="utf-8")),
        models=len(read_csv(run / "instances.csv")),
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


def _read_picture(path: Path) -> Picture | None:
    """Read an image; a damaged one is named on the screen and gives None."""
    try:
        with Image.open(path) as image:
            text = image.info.get("Description") or image.info.get("comment") or path.stem
            alt = text.decode(errors="replace") if isinstance(text, bytes) else text
            *_, last = ImageSequence.Iterator(image)
            still = _webp(last.convert("RGB"))
            is_animation = path.suffix == ".gif"
            url, still = (_url("gif", path.read_bytes()), still) if is_animation else (still, "")
            return Picture(path.stem, alt, image.size, url, still)
    except (OSError, ValueError, SyntaxError) as error:
        print(f"toysuper: left out: {path} is no picture ({error})", file=sys.stderr)
        return None


def _webp(image: Image.Image) -> str:
    content = io.BytesIO()
    image.save(content, "webp", lossless=True, method=2)
    return _url("webp", content.getvalue())


def _url(image_format: str, content: bytes) -> str:
    return f"data:image/{image_format};base64,{base64.b64encode(content).decode()}"
