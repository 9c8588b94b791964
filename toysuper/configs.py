"""Where the experiments are: by path, or by bare name among those that come with the package."""

from pathlib import Path

from toysuper.errors import UserError, nearest

PACKAGE = Path(__file__).parent
FOLDERS = tuple(
    root / part for root in (PACKAGE, PACKAGE.parent) for part in ("configs", "configs/presets")
)


def known() -> dict[str, Path]:
    """Every experiment and preset that comes with the package, by name."""
    return {path.stem: path for folder in FOLDERS for path in sorted(folder.glob("*.yaml"))}


def find(name: str) -> str:
    """The path of a config given as a path or a name.

    Raises:
        UserError: there is none.

    >>> find("intro").endswith("intro.yaml")
    True
    """
    if Path(name).is_file() or name.lstrip().startswith("{"):
        return name
    if name in known():
        return str(known()[name])
    raise UserError(
        f"--config '{name}' is neither a file nor one of {', '.join(known())}."
        f"{nearest(Path(name).stem, known())}"
    )


def expand(args: list[str]) -> tuple[list[str], str]:
    """Arguments with every config found, and the name of the experiment they run.

    >>> expand(["fit", "--config", "intro", "--config=debug"])[1]
    'intro'
    """
    expanded, names = [], []
    pending = False
    for arg in args:
        if pending or arg.startswith("--config="):
            prefix, value = ("", arg) if pending else ("--config=", arg.removeprefix("--config="))
            expanded.append(prefix + find(value))
            names.append(Path(value).stem)
        else:
            expanded.append(arg)
        pending = arg in ("--config", "-c")
    return expanded, names[0] if names else "toysuper"
