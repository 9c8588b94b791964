"""Explain in one sentence what is wrong on the command line."""

import inspect
import os
import re
import sys
from collections.abc import Iterable, Sequence
from errno import ENOSPC

from lightning.fabric.utilities.exceptions import MisconfigurationException

from toysuper.cli.location import locate
from toysuper.errors import UserError, did_you_mean
from toysuper.names import not_allowed

IMPORTABLE = (
    "toysuper",
    "torch.nn",
    "torch.optim",
    "torch.special",
    "torchmetrics",
    "lightning.pytorch",
    "lightning.fabric",
)
"""Packages that jsonargparse may import for a config."""

UNINFORMATIVE = re.compile(
    r"$|Does not validate against|Subtypes:|Errors:|Given value|Problem with given|Parser key|"
    r"Type .* expects a function or a callable class: Parser key|Not a valid subclass|"
    r"Subclass types expect|Unable to load config|a class path \(str\)|a dict with|"
    r"Expected a (path but|dot import path)|"
    r"Expected a <class '(NoneType|float|int|str|list|dict)'>$"
)
"""Lines of jsonargparse's messages that are left out."""

REQUIRED = r"the following arguments are required: ([\w, ]+)"

CLASSES = {
    "model.variant": "toysuper.models",
    "model.objective": "toysuper.objectives",
    "model.optimizer": "torch.optim",
    "model.schedule": "toysuper.data.schedules",
    "data.features": "toysuper.features",
    "data.importance": "toysuper.data.curves",
    "data.density": "toysuper.data.curves",
    "data.grid": "toysuper.data.curves",
}
"""Options that take a class by its short name, and the module that has these classes."""

SECTIONS = {
    "data": "is SyntheticData; a distribution of your own goes into data.features",
    "model": "is an EnsembleModule; one of your own trains in a script that ends in "
    "toysuper.cli.lightning.main(module=MyModule)",
    "trainer": "is Lightning's Trainer; set its arguments, such as trainer.max_steps",
}
"""Sections of a config whose class is fixed."""

FUNCTION_LISTS = {
    "figures.draw",
    "figures.animate",
    "metrics.measure",
    "metrics.tables",
    "claims.check",
}
"""Options whose value is a list of functions."""


def explain_message(message: str, options: Iterable[str] = (), words: Sequence[str] = ()) -> str:
    """Shorten a message of jsonargparse to the option, its location, and a close valid name.

    Args:
        message: what jsonargparse says.
        options: all options, to suggest one.
        words: the command line, for the location.

    >>> message = "Subcommand 'fit' does not accept option 'trainer.max_step'"
    >>> explain_message(message, ["trainer.max_steps"])
    "there is no option 'trainer.max_step'. Did you mean 'trainer.max_steps'?"
    """
    if match := re.search(rf"class_path '([\w.]+)':\s*{REQUIRED}", message):
        return f"{match[1]} needs {match[2]}{locate(match[1].split('.')[-1], words)}"
    if match := re.search(rf"callable class: {REQUIRED}", message):
        return f"{_option(message, words)}: the class that it names needs {match[1]}"
    if match := re.search(r"optionally init_args, but got NestedArg\(key='(\w+)'", message):
        return _no_class(_option(message), match[1], words)
    if match := re.search(r"Requirement '([^']+)' not met", message):
        return f"{_option(message, words) or 'the config'} needs {match[1]}: pip install {match[1]}"
    if "arguments are required" in message:
        return f"name an experiment, --config intro or --config my_own.yaml; {message}"
    if match := re.search(r"not accept option '([^']+)'|arguments?: -*([^\s=]+)", message):
        return _unknown_option(match[1] or match[2], set(options), words)
    if match := re.search(r"Option '(\w+)' is not accepted(.*)", message):
        before = re.findall(r"class_path '([\w.]+)'", message[: match.start()])
        owner = [*before, *re.findall(r"class_path='([\w.]+)'", match[2])[:1]][-1]
        hint = did_you_mean(match[1], parameters(owner))
        return f"{owner} takes no '{match[1]}'{locate(match[1], words)}.{hint}"
    if match := re.search(r"Importing '([\w.]+)' is not allowed", message):
        return f"{not_allowed(match[1], IMPORTABLE)}{locate(match[1], words)}"
    if match := re.search(r"module '([\w.]+)' has no attribute '(\w+)'", message):
        return _missing_name(match[1], match[2], words)
    if match := re.search(r"No module named '(?:([\w.]+)\.)?(\w+)'", message):
        return _missing_name(match[1] or "", match[2], words)
    return _unknown_class(message, words) or _wrong_value(message, words)


def _unknown_option(name: str, options: set[str], words: Sequence[str]) -> str:
    """Name the first part of an option where even that part is unknown."""
    if match := re.fullmatch(r"(data|model|trainer)\.(class_path|init_args)(\..*)?", name):
        return f"{name}{locate(name, words)}: {match[1]} {SECTIONS[match[1]]}"
    sections, section = {option.split(".")[0] for option in options}, name.split(".")[0]
    name, names = (name, options) if section in sections else (section, sections)
    inner = [option for option in options if option.endswith(f".{name}")]
    hint = f" Did you mean '{inner[0]}'?" if inner else did_you_mean(name, names)
    return f"there is no option '{name}'{locate(name, words)}.{hint}"


def _no_class(option: str, argument: str, words: Sequence[str]) -> str:
    """Explain an argument of a class that nothing names."""
    example = {"model.optimizer": "AdamW"}.get(option, "ITS_CLASS")
    remedy = f"name the class as well: --{option} {example}"
    if (option, argument) == ("model.optimizer", "lr"):
        remedy = f"set model.lr, or {remedy}"
    key = f"{option}.{argument}"
    return f"{key}{locate(key, words)} is an argument of no class; {remedy}"


def _missing_name(module: str, name: str, words: Sequence[str], kind: type = object) -> str:
    """Suggest names of a module, but do not import it: a config may name anything."""
    content = vars(sys.modules.get(module, object)).items()
    names = {key for key, value in content if key[0] != "_" and isinstance(value, kind)}
    searched = "in the environment, this folder or the config's"
    owner = f"{module} has no '{name}'" if module else f"there is no module '{name}' {searched}"
    return f"{owner}{locate(name, words)}.{did_you_mean(name, names)}"


def _unknown_class(message: str, words: Sequence[str]) -> str | None:
    """Suggest a class where a word is no class's short name; None where no class is meant."""
    match = re.search(r"Expected a dot import path string: (\w+)", message)
    module = CLASSES.get(_option(message))
    if not match or not module:
        return None
    named = re.search(rf"class_path['\"]?[:=] ?['\"]?{match[1]}\b", message)
    others = re.search(r"Subtypes: .*(float|int|str|list|dict)\b", message)
    if not named and others:
        return None
    sentence = _missing_name(module, match[1], words, type)
    own = f" A class of your own goes by its module, my_models.{match[1]}."
    return sentence if "Did you mean" in sentence else f"{sentence}{own}"


def _wrong_value(message: str, words: Sequence[str]) -> str:
    section, _, key = _option(message).partition(".")
    if section in SECTIONS and key in ("", section):
        return f"{section}{locate(section, words)} {SECTIONS[section]}"
    lines = [line.strip().removeprefix("- ") for line in message.splitlines()]
    informative = [line for line in dict.fromkeys(lines) if not UNINFORMATIVE.match(line)]
    if not informative and any(line.startswith("Subtypes:") for line in lines):
        informative = [_innermost_union(lines)]
    text = re.sub(r"<class '([\w.]+)'>", r"\1", "; ".join(informative))
    if _option(message) in ("data.density", "data.importance") and "[" in text:
        axis = f"'{_option(message).removeprefix('data.')}[0]'"
        text = (
            "give one number, a list of data.n numbers, or a Curve; numbers that differ between "
            f"models are axes of the grid: grid: {{{axis}: [0.1, 0.3]}}"
        )
    if match := re.match(r"Unexpected import path format: ([^;]*)", text):
        text = f"give a list such as [0.1], or a Curve, and not {match[1]}"
    if _option(message) in FUNCTION_LISTS:
        text = f"give a list of dotted paths such as [toysuper.figures.gram]; {text}"
    text = text or "it does not take this value"
    text = text if len(text) < 300 else f"{text[:300]} …"
    return f"{_option(message, words)}: {text}".lstrip(": ")


def _option(message: str, words: Sequence[str] = ()) -> str:
    """Return the option that a message is about, and its location."""
    name = ""
    for key in re.findall(r'Parser key "([^"]+)"', message):
        if not name.endswith(f".{key}"):  # else it is repeated for each of the types
            name = key if key.startswith(f"{name}.") else f"{name}.{key}".strip(".")
    return f"{name}{locate(name, words)}" if name else ""


def _innermost_union(lines: list[str]) -> str:
    """Say which types the innermost of nested unions accepts, and which value it got."""
    last = max(k for k, line in enumerate(lines) if line.startswith("Subtypes:"))
    line = next(line for line in lines[last:] if line.startswith("Given value:"))
    value = line.removeprefix("Given value: ").split(". Got value")[0]
    return f"expected one of {lines[last].removeprefix('Subtypes: ')}, got {value}"


def parameters(class_path: str) -> set[str]:
    """Return the names of a class's constructor arguments, inherited ones included.

    Nothing is imported, because a config may name anything.
    """
    module, _, name = class_path.rpartition(".")
    bases = inspect.getmro(getattr(sys.modules.get(module), name, object))
    constructors = (vars(base).get("__init__") for base in bases[:-1])
    names = {name for init in constructors if init for name in inspect.signature(init).parameters}
    return names - {"self", "args", "kwargs"}


def explain_exception(error: BaseException | None) -> str | None:
    """Return the sentence for an error that the user or the machine caused; None for a bug."""
    if error is None:
        return None
    if isinstance(error, UserError | MisconfigurationException):
        return str(error)
    if isinstance(error, OSError) and error.errno == ENOSPC:
        return "the disk is full or a file could not be written; earlier checkpoints are untouched"
    if isinstance(error, OSError) and error.filename:
        return f"'{os.fsdecode(error.filename)}' cannot be read or written: {error.strerror}"
    return explain_exception(error.__cause__)
