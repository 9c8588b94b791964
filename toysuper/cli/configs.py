"""``toysuper configs``: the experiments and presets that come with the package."""

from pathlib import Path
from shutil import get_terminal_size
from typing import Any, NamedTuple

import yaml
from rich.console import Console
from rich.table import Table

from toysuper.cli.help import make_parser
from toysuper.errors import UserError, did_you_mean

PACKAGE = Path(__file__).parents[1]
ROOTS = (PACKAGE / "configs", PACKAGE.parent / "configs")  # in a wheel, in a checkout
FOLDERS = tuple(folder for root in ROOTS for folder in (root, root / "presets"))


def bundled_configs() -> dict[str, Path]:
    """Return every experiment and preset that comes with the package, by name."""
    return {path.stem: path for folder in FOLDERS for path in sorted(folder.glob("*.yaml"))}


def config_path(name: str) -> Path:
    """Return the path of a config named by its path or by the name of a bundled one.

    Raises:
        UserError: there is no such config.

    >>> config_path("intro").name
    'intro.yaml'
    """
    bundled = bundled_configs()
    path = Path(name) if Path(name).is_file() else bundled.get(name)
    if path is None:
        raise UserError(
            f"--config '{name}' is neither a file nor one of {', '.join(bundled)}."
            f"{did_you_mean(Path(name).stem, bundled)}"
        )
    return path


class Experiment(NamedTuple):
    """What the key ``about`` of a bundled config says.

    ``order`` is the number of the section and the number within the section.
    """

    order: tuple[int, ...]
    name: str
    section: str
    minutes: float
    line: str

    @property
    def duration(self) -> str:
        """The time on two cores: in seconds below three minutes, else in minutes."""
        seconds = round(60 * self.minutes)
        return f"{seconds} s" if seconds < 180 else f"{self.minutes:g} min"


def describe_experiment(path: Path) -> Experiment | None:
    """Read what a config says about itself; None where it names no section, as presets do.

    >>> describe_experiment(bundled_configs()["intro"]).section
    'Introduction'
    """
    about = read_about(path)
    if "section" not in about:
        return None
    order = tuple(int(number) for number in about["order"].split("."))
    return Experiment(order, path.stem, about["section"], about["minutes"], about["line"])


def read_about(path: Path) -> dict[str, Any]:
    """Return the key ``about`` of a bundled config; empty where it has none."""
    return yaml.safe_load(path.read_text(encoding="utf-8")).get("about") or {}


def list_experiments() -> list[Experiment]:
    """Return all bundled experiments in the order of the paper."""
    described = (describe_experiment(path) for path in bundled_configs().values())
    return sorted(experiment for experiment in described if experiment)


def format_configs(width: int) -> str:
    """Format name, time and description of every config in lines of at most ``width`` letters."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="right")
    table.add_column()
    for row in _rows():
        table.add_row(*row)
    console = Console(width=width, color_system=None, markup=False, highlight=False)
    with console.capture() as capture:
        console.print(table)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def _rows() -> list[tuple[str, str, str]]:
    """Return a row for each config, and an empty row and a heading above each section."""
    rows, section = [], ""
    for experiment in list_experiments():
        if experiment.section != section:
            section = experiment.section
            rows += [("", "", ""), (f"{experiment.order[0]}  {section}", "", "")]
        rows.append((f"   {experiment.name}", experiment.duration, experiment.line))
    rows += [("", "", ""), ("Presets, after any of them", "", "")]
    presets = {k: path for k, path in bundled_configs().items() if path.parent.name == "presets"}
    lines = {name: read_about(path).get("line", "") for name, path in presets.items()}
    return rows + [(f"   {name}", "", line) for name, line in lines.items()]


def main(args: list[str]) -> None:
    """Print the list of configs."""
    make_parser("configs", __doc__).parse_args(args)
    print("Experiments in the order of the paper, with typical times on 2 cores")
    print(format_configs(get_terminal_size((200, 0)).columns))
    print("\ntoysuper fit --config NAME runs one; its settings: --print_config")
