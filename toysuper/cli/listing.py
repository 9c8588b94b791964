"""The experiments that come with the package, in the paper's order, as their configs say."""

import re
from pathlib import Path
from typing import NamedTuple

from toysuper.cli.configs import known
from toysuper.cli.help import light

HEAD = re.compile(r"# (\d+)\.(\d+) (.+?), (\d+ (?:s|min)): (.+?)\.?$")


class Experiment(NamedTuple):
    """The first comment of a config: its place, section, time on two cores and one line."""

    place: tuple[int, int]
    name: str
    section: str
    time: str
    line: str


def described(path: Path) -> Experiment | None:
    """What a config says of itself; None for presets and a user's own.

    >>> described(known()["intro"]).section
    'Introduction'
    """
    found = HEAD.match(path.read_text().partition("\n")[0])
    if found is None:
        return None
    place = int(found[1]), int(found[2])
    return Experiment(place, path.stem, found[3], found[4], found[5])


def experiments() -> list[Experiment]:
    """All of them."""
    return sorted(told for path in known().values() if (told := described(path)))


def listing() -> str:
    """A table for the terminal, and the presets below it."""
    lines, section = [], ""
    for told in experiments():
        if told.section != section:
            lines += ["", f"{told.place[0]}  {told.section}"]
            section = told.section
        lines.append(f"   {told.name:<30}  {told.time:>5}  {told.line}")
    lines += ["", "Presets, after any of them"]
    for name, path in known().items():
        if path.parent.name == "presets":
            first = path.read_text().partition("\n")[0]
            lines.append(f"   {name:<30}         {first.removeprefix('# ').split(':')[0]}")
    head = "Experiments in the order of the paper, with typical times on 2 cores"
    tail = "\ntoysuper fit --config NAME runs one; its settings: --print_config"
    return "\n".join([head, *lines, tail]).replace("\n\n\n", "\n\n")


def main(args: list[str]) -> None:
    """Print it."""
    light("configs", __doc__).parse_args(args)
    print(listing())
