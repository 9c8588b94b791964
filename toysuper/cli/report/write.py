"""``toysuper report``: write one page with the figures of all runs beside their claims."""

from toysuper.cli.help import parse_runs_args
from toysuper.cli.report.gather import gather
from toysuper.cli.report.page import count_verdicts, render_page
from toysuper.errors import printable
from toysuper.runs.files import write_atomic


def main(args: list[str]) -> None:
    """Write the page and print its path."""
    folder, path = parse_runs_args(args, "report", __doc__, "report.html")
    runs = gather(folder)
    write_atomic(path, printable(render_page(folder, runs)).encode("utf-8", "replace"))
    verdicts = count_verdicts(runs)
    text = (
        f"wrote {path}: {len(runs)} experiments, {sum(len(run.pictures) for run in runs)} figures, "
        f"{verdicts['holds']} claims hold, {verdicts['FAILS']} fail; open it in a browser"
    )
    print(printable(text))
