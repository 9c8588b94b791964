"""``toysuper report``: every figure made so far beside its claims, as one page."""

from pathlib import Path

from toysuper.files import write_whole
from toysuper.help import light
from toysuper.report.gather import gather
from toysuper.report.page import page, verdicts


def main(args: list[str]) -> None:
    """Write the page and say where it is."""
    parser = light("report", __doc__)
    parser.add_argument("folder", nargs="?", default="runs", type=Path, help="where the runs lie")
    parser.add_argument("--to", type=Path, help="the file; FOLDER/report.html")
    given = parser.parse_args(args)
    path = given.to or given.folder / "report.html"
    runs = gather(given.folder)
    write_whole(path, page(given.folder, runs).encode())
    counts = verdicts(runs)
    print(
        f"wrote {path}: {len(runs)} experiments, {sum(len(run.pictures) for run in runs)} figures, "
        f"{counts['holds']} claims hold, {counts['FAILS']} fail; open it in a browser"
    )
