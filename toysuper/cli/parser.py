"""One clear sentence for what went wrong on the command line."""

import inspect
import re
import sys
from collections.abc import Iterable
from errno import ENOSPC
from pathlib import Path
from typing import Any, NoReturn

from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.cli import LightningArgumentParser

from toysuper.cli.configs import PACKAGES
from toysuper.errors import UserError, nearest
from toysuper.names import not_allowed

NOISE = re.compile(
    r"$|Does not validate against|Subtypes:|Errors:|Given value|Problem with given|Parser key|"
    r"Type .* expects a function or a callable class: Parser key|Not a valid subclass|"
    r"Subclass types expect|a class path \(str\)|a dict with|Expected a (path but|dot import path)|"
    r"Expected a <class '(NoneType|float|int|str|list|dict)'>$"
)

REQUIRED = r"the following arguments are required: ([\w, ]+)"


class Parser(LightningArgumentParser):
    """Lightning's parser, whose errors are the few lines that matter."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, allow_abbrev=False, **kwargs)

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Print the essence and exit with 2."""
        if not self.exit_on_error:
            super().error(message, ex)
        sys.stderr.write(f"toysuper: {essence(message, self.options(), sys.argv)}\n")
        raise SystemExit(2)

    def options(self) -> set[str]:
        """Every option, those of the subcommands included."""
        parsers = [self, *getattr(self._subcommands_action, "_name_parser_map", {}).values()]
        return {action.dest for parser in parsers for action in parser._actions}


def essence(message: str, options: Iterable[str] = (), files: Iterable[str] = ()) -> str:
    """What jsonargparse means: the key, its file and line, and the nearest valid name.

    >>> essence("Subcommand 'fit' does not accept option 'trainer.max_step'", ["trainer.max_steps"])
    "there is no option 'trainer.max_step'. Did you mean 'trainer.max_steps'?"
    """
    if found := re.search(rf"class_path '([\w.]+)':\s*{REQUIRED}", message):
        return f"{found[1]} needs {found[2]}{place(found[1].split('.')[-1], files)}"
    if found := re.search(rf"callable class: {REQUIRED}", message):
        return f"{_key(message, files)}: what is named there needs {found[1]}"
    if "arguments are required" in message:
        return f"name an experiment, --config intro or --config my_own.yaml; {message}"
    if found := re.search(r"not accept option '([^']+)'|arguments?: -*([^\s=]+)", message):
        name = found[1] or found[2]
        head, known = name.split(".")[0], {option.split(".")[0] for option in options}
        name, known = (name, set(options)) if head in known else (head, known)
        return f"there is no option '{name}'{place(name, files)}.{nearest(name, known)}"
    if found := re.search(r"Option '(\w+)' is not accepted(.*)", message):
        before = re.findall(r"class_path '([\w.]+)'", message[: found.start()])
        owner = [*before, *re.findall(r"class_path='([\w.]+)'", found[2])[:1]][-1]
        known = parameters(owner)
        return f"{owner} takes no '{found[1]}'{place(found[1], files)}.{nearest(found[1], known)}"
    if found := re.search(r"Importing '([\w.]+)' is not allowed", message):
        return f"{not_allowed(found[1], PACKAGES)}{place(found[1], files)}"
    if found := re.search(r"module '([\w.]+)' has no attribute '(\w+)'", message):
        known = {name for name in vars(sys.modules.get(found[1], re)) if name[0] != "_"}
        return f"{found[1]} has no '{found[2]}'{place(found[2], files)}.{nearest(found[2], known)}"
    return _mismatch(message, files)


LISTS = {
    "figures.draw",
    "figures.animate",
    "metrics.measure",
    "metrics.tables",
    "claims.check",
}


def _mismatch(message: str, files: Iterable[str]) -> str:
    lines = [line.strip().removeprefix("- ") for line in message.splitlines()]
    telling = [line for line in lines if not NOISE.match(line)]
    if not telling and any(line.startswith("Subtypes:") for line in lines):
        telling = [_innermost(lines)]
    text = re.sub(r"<class '([\w.]+)'>", r"\1", "; ".join(telling))
    key = _key(message)
    if found := re.match(r"Unexpected import path format: ([^;]*)", text):
        text = f"give a list such as [0.1], or a Curve, and not {found[1]}"
    if key in LISTS:
        text = f"give a list of dotted paths such as [toysuper.figures.gram]; {text}"
    text = text if len(text) < 300 else f"{text[:300]} …"
    return f"{_key(message, files)}: {text}".lstrip(": ")


def _key(message: str, files: Iterable[str] = ()) -> str:
    """Which option is meant, and where it stands."""
    key = ".".join(re.findall(r'Parser key "([^"]+)"', message))
    return f"{key}{place(key.split('.')[-1], files)}" if key else ""


def _innermost(lines: list[str]) -> str:
    """What the deepest of nested unions would take, and what it was given."""
    last = max(k for k, line in enumerate(lines) if line.startswith("Subtypes:"))
    given = next(line for line in lines[last:] if line.startswith("Given value:"))
    value = given.removeprefix("Given value: ").split(". Got value")[0]
    return f"expected one of {lines[last].removeprefix('Subtypes: ')}, got {value}"


def place(name: str, files: Iterable[str]) -> str:
    """Where a name stands first in the given config files, `` (file, line k)``."""
    word = re.compile(rf"(?<!\w){re.escape(name.split('.')[-1])}(?!\w)")
    for path in (Path(file.removeprefix("--config=")) for file in files):
        if path.suffix in (".yaml", ".yml", ".json") and path.is_file():
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if word.search(line.split("#")[0]):
                    return f" ({path}, line {number})"
    return ""


def parameters(class_path: str) -> set[str]:
    """The constructor arguments of a class, inherited ones included.

    Nothing is imported, as the name may be anything that a config says.
    """
    module, _, name = class_path.rpartition(".")
    bases = inspect.getmro(getattr(sys.modules.get(module), name, object))
    own = (vars(base).get("__init__") for base in bases[:-1])
    names = {name for init in own if init for name in inspect.signature(init).parameters}
    return names - {"self", "args", "kwargs"}


def fault(error: BaseException | None) -> str | None:
    """The sentence for an error that is the user's or the machine's; None for a true fault."""
    if error is None:
        return None
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, MisconfigurationException):
        return str(error)
    if isinstance(error, OSError) and error.errno == ENOSPC:
        return "the disk is full or a file could not be written; earlier checkpoints are untouched"
    if isinstance(error, OSError) and error.filename:
        return f"'{error.filename}' cannot be read or written: {error.strerror}"
    return fault(error.__cause__)
