"""Prepare the words of the command line for jsonargparse."""

from pathlib import Path
from typing import Any, NamedTuple

from toysuper.cli.configs import bundled_configs, config_path
from toysuper.cli.location import SKIPPED, list_settings
from toysuper.cli.yaml_checks import LINKED, linked_error, load_config
from toysuper.errors import UserError

CONFIG_FLAGS = ("--config", "-c")


class Arguments(NamedTuple):
    """Arguments in which every config is a path that was checked.

    Args:
        words: the arguments for jsonargparse.
        experiment: name of the experiment that they run; its runs lie in a folder of this name.
        about: the key ``about`` of the config that the experiment is named after.
        folders: folders of the user's own configs, in which modules of theirs may lie.
    """

    words: list[str]
    experiment: str
    about: dict[str, Any] | None
    folders: list[str]


def pop_allow_flags(args: list[str]) -> tuple[list[str], list[str]]:
    """Split the arguments into those without ``--allow`` and the packages that it names.

    Raises:
        UserError: ``--allow`` names no package.

    >>> pop_allow_flags(["fit", "--allow", "mine", "--config=intro", "--allow=yours.models"])
    (['fit', '--config=intro'], ['mine', 'yours.models'])
    """
    rest, packages, remaining = [], [], iter(args)
    for arg in remaining:
        flag, equals, value = arg.partition("=")
        if flag != "--allow":
            rest.append(arg)
            continue
        packages.append(value if equals else next(remaining, ""))
        if not all(part.isidentifier() for part in packages[-1].split(".")):
            raise UserError(f"--allow '{packages[-1]}' is no package; write --allow my_models")
    return rest, packages


def resolve_config_args(args: list[str]) -> Arguments:
    """Replace the name of each config by its path, and check the config.

    Raises:
        UserError: a config does not exist or cannot be used, or the arguments are out of order.

    >>> resolve_config_args(["fit", "--config", "debug", "--config=intro"]).experiment
    'intro'
    """
    if args and args[0].split("=")[0] in CONFIG_FLAGS:
        raise UserError("the command comes first: toysuper fit --config …")
    words, contents = [], {}
    for before, arg in zip(["", *args], args, strict=False):
        prefix, name = _split_config(before, arg)
        if name is not None:
            path = config_path(name)
            contents[path] = load_config(path)
            arg = f"{prefix}{path}"
        elif not before.startswith("-") and arg in bundled_configs():
            raise UserError(f"'{arg}' is a config; write fit --config {arg}")
        _check_no_linked(before, arg)
        words.append(arg)
    named_after = next((path for path in contents if path.parent.name != "presets"), None)
    about = contents[named_after].get("about") if named_after else None
    own = [path for path in contents if path not in bundled_configs().values()]
    folders = [str(path.parent.resolve()) for path in own if not _is_of_run(path)]
    return Arguments(words, experiment_name(named_after), about, folders)


def _split_config(before: str, arg: str) -> tuple[str, str | None]:
    """Return the flag that an argument begins with, and the config that it names, if any."""
    flag, equals, value = arg.partition("=")
    if before in CONFIG_FLAGS:
        return "", arg
    return ("--config=", value) if flag == "--config" and equals else ("", None)


def _check_no_linked(before: str, arg: str) -> None:
    if not before.startswith("--model") and not arg.startswith("--model"):
        return
    for setting in list_settings([before, arg]):
        keys = [key for key in setting.keys if key not in SKIPPED]
        if keys[:2] == ["model", "variant"] and keys[2:] and keys[2] in LINKED:
            raise linked_error(keys[2], "on the command line")


def experiment_name(path: Path | None) -> str:
    """Return the name of the experiment that a config describes.

    The ``config.yaml`` of a run is named as the experiment of that run.

    >>> experiment_name(Path("runs/intro/3/config.yaml"))
    'intro'
    """
    if path is None:
        return "toysuper"
    return path.resolve().parents[1].name if _is_of_run(path) else path.stem


def _is_of_run(path: Path) -> bool:
    return path.name == "config.yaml" and path.resolve().parent.name.isdecimal()
