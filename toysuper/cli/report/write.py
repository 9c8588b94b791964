"""``toysuper report``: every figure made so far beside its claims, as one page."""

from toysuper.cli.help import of_runs
from toysuper.cli.report.gather import gather
from toysuper.cli.report.page import page, verdicts
from toysuper.runs.files import write_whole


def main(args: list[str]) -> None:
    """Write the page and say where it is."""
    folder, path = of_runs(args, "report", __doc__, "report.html")
    runs = gather(folder)
    write_whole(path, page(folder, runs).encode())
    counts = verdicts(runs)
    print(
        f"wrote {path}: {len(runs)} experiments, {sum(len(run.pictures) for run in runs)} figures, "
        f"{counts['holds']} claims hold, {counts['FAILS']} fail; open it in a browser"
    )
