"""Check what a config names before any of it is made or called."""

from collections.abc import Iterator, Sequence
from pkgutil import resolve_name
from typing import Any, NamedTuple

from jsonargparse import Namespace

from toysuper.cli.location import SKIPPED, locate
from toysuper.cli.messages import IMPORTABLE
from toysuper.cli.permitted_names import OPTIONS, Option
from toysuper.errors import UserError, did_you_mean
from toysuper.names import RUNNING, is_within


class Leaf(NamedTuple):
    """A value of a parsed config that is no list and no mapping.

    Args:
        option: dotted key of the option.
        value: the value.
        is_nested: whether it is an argument of a class.
        is_class_path: whether it is the path of a class.
    """

    option: str
    value: Any
    is_nested: bool
    is_class_path: bool = False


def list_leaves(value: Any, option: str = "", is_nested: bool = False) -> Iterator[Leaf]:
    """Yield every value of a parsed config.

    Args:
        value: the config, or a part of it.
        option: dotted key of the part.
        is_nested: whether the part belongs to the arguments of a class.
    """
    if isinstance(value, list | tuple | set):
        for item in value:
            yield from list_leaves(item, option, is_nested)
    elif isinstance(value, dict | Namespace):
        settings = dict(value if isinstance(value, dict) else vars(value))
        if isinstance(settings.get("class_path"), str):
            yield Leaf(option, settings.pop("class_path"), is_nested, is_class_path=True)
            is_nested = True
        for key, item in settings.items():
            inner = option if key in SKIPPED else f"{option}.{key}".lstrip(".")
            yield from list_leaves(item, inner, is_nested)
    else:
        yield Leaf(option, value, is_nested)


class Named(NamedTuple):
    """A class, function or object that a config names.

    Args:
        option: dotted key of the option.
        path: dotted path, as far as it is known.
        value: the class, function or object.
        is_nested: whether it is an argument of another class.
    """

    option: str
    path: str
    value: Any
    is_nested: bool


def check_named(config: Any, own: Sequence[str], words: Sequence[str] = ()) -> None:
    """Check everything that a parsed config names, before any of it is made or called.

    Args:
        config: what the parser returns for one command.
        own: packages that ``--allow`` names.
        words: the command line, for the location in the message.

    Raises:
        UserError: an option names something of another kind.
    """
    sections = {key: value for key, value in vars(config).items() if key != "config"}
    for named in list_named(sections):
        if not is_within(named.path, own) and not is_permitted(named):
            raise UserError(_refusal(named, words))


def list_named(config: Any) -> Iterator[Named]:
    """Yield every class, function and object of a parsed config.

    Args:
        config: the config, or a part of it.
    """
    for leaf in list_leaves(config):
        if leaf.is_class_path:
            yield Named(leaf.option, leaf.value, _resolve(leaf.value), leaf.is_nested)
        elif callable(leaf.value):
            names = (getattr(leaf.value, name, "") for name in ("__module__", "__qualname__"))
            yield Named(leaf.option, ".".join(names), leaf.value, leaf.is_nested)


def _resolve(path: str) -> Any:
    """Return what a dotted path leads to; None outside of the packages that may be imported."""
    if not is_within(path, IMPORTABLE) or is_within(path, RUNNING):
        return None
    try:
        return resolve_name(path)
    except (ImportError, AttributeError, ValueError):
        return None


def is_permitted(named: Named) -> bool:
    """Return whether a config may name that without ``--allow``."""
    if named.is_nested:
        return any(option.permits(named.value) for option in OPTIONS.values())
    option = _option_of(named.option)
    return option is not None and option.permits(named.value)


def _option_of(key: str) -> Option | None:
    """Return what an option takes; grid axes belong to ``data.grid``."""
    keys = [name for name in OPTIONS if is_within(key, [name])]
    return OPTIONS[keys[0]] if keys else None


def _refusal(named: Named, words: Sequence[str]) -> str:
    option, package = _option_of(named.option), named.path.rpartition(".")[0] or named.path
    what = option.what if option and not named.is_nested else "what a config may name there"
    home = option.packages[0] if option else "toysuper"
    content = vars(_resolve(home)).items() if option else ()
    names = [f"{home}.{name}" for name, value in content if option and option.permits(value)]
    return (
        f"{named.option} names '{named.path}'{locate(named.path, words)}, which is not {what}."
        f"{did_you_mean(named.path, names)} If you trust its code, add --allow {package}"
    )
