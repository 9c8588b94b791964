"""Where the experiments are: by path, or by bare name among those that come with the package."""

from pathlib import Path
from typing import Any

import yaml

from toysuper.errors import UserError, nearest

PACKAGE = Path(__file__).parents[1]
ROOTS = (PACKAGE / "configs", PACKAGE.parent / "configs")  # in a wheel, in a checkout
FOLDERS = tuple(folder for root in ROOTS for folder in (root, root / "presets"))

LINKED = ("n", "grid", "seed")
"""Arguments that the model takes from the data."""

PACKAGES = (
    "toysuper",
    "torch.nn",
    "torch.optim",
    "torch.special",
    "torchmetrics",
    "lightning.pytorch",
    "lightning.fabric",
)
"""What a config may import without being allowed to."""

UNSET = (": null", ": []")

LARGEST = 3000
"""Values in a config, those that its aliases repeat included; parsing takes the square of them."""


def known() -> dict[str, Path]:
    """Every experiment and preset that comes with the package, by name."""
    return {path.stem: path for folder in FOLDERS for path in sorted(folder.glob("*.yaml"))}


def find(name: str) -> str:
    """The path of a config given as a path or a name.

    Raises:
        UserError: there is none, it is not YAML, or it sets what the model takes from the data.

    >>> find("intro").endswith("intro.yaml")
    True
    """
    path = Path(name) if Path(name).is_file() else known().get(name)
    if path is None:
        raise UserError(
            f"--config '{name}' is neither a file nor one of {', '.join(known())}."
            f"{nearest(Path(name).stem, known())}"
        )
    _check(path)
    return str(path)


def _check(path: Path) -> None:
    try:
        content = yaml.safe_load(path.read_text())
        values = _values(content, {})
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        reason = str(getattr(error, "problem", error)).splitlines()[0]
        raise UserError(f"{path}{line} is not YAML: {reason}") from error
    if values > LARGEST:
        raise UserError(
            f"{path} holds {values:.2g} values, more than {LARGEST}; a Curve such as "
            "toysuper.data.grid.LinSpace stands for many"
        )
    if not isinstance(content, dict | None):
        raise UserError(f"{path} is not a mapping of options")
    if not all(isinstance(key, str) for key in content or ()):
        raise UserError(f"{path} has an option that is not a word")
    for name, value in (content or {}).items():
        if isinstance(value, str) and (path.parent / value).is_file() | Path(value).is_file():
            raise UserError(f"{path} takes {name} from '{value}'; write its content into {path}")
    for name in LINKED:
        if name in _inside(content, "model", "variant", "init_args"):
            refuse_linked(name, f"in {path}")


def flat(config: Any, name: str) -> dict[str, Any]:
    """A nested config as dotted keys and their values, without those that are not set.

    >>> flat({"init_args": {"hidden": 2, "clip": None}, "class_path": "a.B"}, "model")
    {'model.init_args.hidden': 2, 'model.class_path': 'a.B'}
    """
    if not isinstance(config, dict):
        return {} if config is None else {name: config}
    return {k: v for key in config for k, v in flat(config[key], f"{name}.{key}").items()}


def without_nulls(config: str) -> str:
    """A config's lines but those that set nothing, for reading.

    >>> print(without_nulls(yaml.safe_dump({"data": {"n": 5}, "clip": None, "tables": []})))
    data:
      n: 5
    """
    return "\n".join(line for line in config.splitlines() if not line.endswith(UNSET))


def _values(content: Any, known: dict[int, int]) -> int:
    """How many values there are, each counted as often as an alias repeats it."""
    if not isinstance(content, dict | list):
        return 1
    if id(content) not in known:
        known[id(content)] = LARGEST  # for one that holds itself
        inner = content.values() if isinstance(content, dict) else content
        known[id(content)] = 1 + sum(_values(value, known) for value in inner)
    return known[id(content)]


def _inside(content: Any, *keys: str) -> Any:
    for key in keys:
        content = content.get(key) if isinstance(content, dict) else None
    return content if isinstance(content, dict) else {}


def refuse_linked(name: str, where: str) -> None:
    """Raise the error for a value that would be dropped without a word."""
    raise UserError(f"model.variant.{name} {where} is taken from the data; set data.{name} instead")


def allowed(args: list[str]) -> tuple[list[str], list[str]]:
    """The arguments without ``--allow``, and the packages that it names.

    Raises:
        UserError: it names none.

    >>> allowed(["fit", "--allow", "mine", "--config=intro", "--allow=yours.models"])
    (['fit', '--config=intro'], ['mine', 'yours.models'])
    """
    rest, packages, given = [], [], iter(args)
    for arg in given:
        flag, equals, value = arg.partition("=")
        if flag != "--allow":
            rest.append(arg)
            continue
        packages.append(value if equals else next(given, ""))
        if not all(part.isidentifier() for part in packages[-1].split(".")):
            raise UserError(f"--allow '{packages[-1]}' is no package; write --allow my_models")
    return rest, packages


def expand(args: list[str]) -> tuple[list[str], str]:
    """Arguments with every config found, and the name of the experiment they run.

    >>> expand(["fit", "--config", "debug", "--config=intro"])[1]
    'intro'
    """
    if args and args[0].split("=")[0] in ("--config", "-c"):
        raise UserError("the command comes first: toysuper fit --config …")
    expanded: list[str] = []
    found: list[Path] = []
    for arg in args:
        flag, equals, value = arg.partition("=")
        follows = bool(expanded) and expanded[-1] in ("--config", "-c")
        if follows or (flag == "--config" and equals):
            found.append(Path(find(arg if follows else value)))
            arg = str(found[-1]) if follows else f"--config={found[-1]}"
        elif arg in known() and not (expanded and expanded[-1].startswith("-")):
            raise UserError(f"'{arg}' is a config; write fit --config {arg}")
        _refuse_linked_argument(flag, expanded[-1] if expanded else "", arg)
        expanded.append(arg)
    return expanded, run_name(found)


def _refuse_linked_argument(flag: str, before: str, arg: str) -> None:
    for place in ("--model.variant", "--model.variant.init_args"):
        for name in LINKED:
            option = f"{place}.{name}"
            inline = before == place or flag == place
            if flag == option or flag.startswith(f"{option}.") or (inline and f'"{name}"' in arg):
                refuse_linked(name, "on the command line")


def run_name(paths: list[Path]) -> str:
    """What a run is called: the first config that is no preset; a rerun is called as its run.

    >>> run_name([Path("runs/intro/3/config.yaml")])
    'intro'
    """
    first = next((path for path in paths if path.parent.name != "presets"), Path("toysuper"))
    of_a_run = first.name == "config.yaml" and first.resolve().parent.name.isdecimal()
    return first.resolve().parents[1].name if of_a_run else first.stem
