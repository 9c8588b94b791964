"""Load a checkpoint that anyone may have written: only what was checked is loaded."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from pickletools import genops
from typing import Any
from zipfile import BadZipFile, ZipFile, ZipInfo

import torch
from torch import Tensor

from toysuper.runs.checkpoint_content import PLAIN, is_whole
from toysuper.runs.pickle_size import expanded_size

MAX_RATIO, FREE_BYTES = 10, 1 << 26
"""A checkpoint unpacks to at most so many times its size, and some bytes more."""
MAX_PLAIN = 1 << 20
"""Most bytes of a checkpoint that are no tensors: objects take a hundred times their bytes."""
MAX_OBJECTS = 1 << 21
"""Most objects of a checkpoint, a shared one counted at each use."""

NAMES = re.compile(
    r"[\w.=-]+/(data\.pkl|version|byteorder|data/\d+|\.format_version|\.storage_alignment|"
    r"\.data/serialization_id)"
)
"""Files that ``torch.save`` writes into an archive."""
GLOBALS = re.compile(
    r"collections OrderedDict|torch\._utils _rebuild_(tensor_v2|parameter)|torch \w+Storage"
)
"""What a pickle of tensors and plain values calls."""


def load_archive(path: Path, device: str = "cpu") -> Any:
    """Load tensors and plain values, from an archive that holds nothing else.

    Args:
        path: the file.
        device: where the tensors shall lie; on ``meta`` they have shapes only.

    Raises:
        Exception: torch and zipfile raise a dozen types for damaged files.
    """
    content = torch.load(_checked_copy(path), weights_only=True, map_location=device)
    for count, value in enumerate(_walk(content)):
        if count > MAX_OBJECTS:
            raise ValueError(f"it holds more than {MAX_OBJECTS:,} objects")
        if isinstance(value, Tensor):
            if not is_whole(value):
                raise ValueError("it holds a tensor whose numbers do not lie one after the other")
        elif not isinstance(value, PLAIN):
            raise ValueError(f"it holds a {type(value).__name__}")
    return content


def _checked_copy(path: Path) -> io.BytesIO:
    """Copy the checked files into a plain archive: zipfile and torch may read one differently."""
    copy = io.BytesIO()
    with ZipFile(path) as source, ZipFile(copy, "w") as target:
        files = source.infolist()
        _check_files(files, path.stat().st_size)
        for file in files:
            content = source.read(file)  # raises where it is damaged
            if file.filename.endswith("/data.pkl"):
                _check_pickle(content)
            target.writestr(file.filename, content)
    copy.seek(0)
    return copy


def _check_files(files: list[ZipInfo], size: int) -> None:
    names = [file.filename for file in files]
    if len({name.partition("/")[0] for name in names}) != 1 or len({*names}) != len(names):
        raise BadZipFile("it is not one archive of torch")
    if wrong := [name for name in names if not NAMES.fullmatch(name)]:
        raise BadZipFile(f"it holds {wrong[0]!r}")
    if any(f.file_size > MAX_PLAIN for f in files if "/data/" not in f.filename):
        raise BadZipFile(f"it holds more than {MAX_PLAIN:,} bytes besides tensors")
    unpacked = sum(file.file_size for file in files)
    if unpacked > MAX_RATIO * size + FREE_BYTES:
        raise BadZipFile(f"its {size:,} bytes would unpack to {unpacked:,}")


def _check_pickle(content: bytes) -> None:
    for opcode, argument, _ in genops(content):
        if "GLOBAL" in opcode.name and not GLOBALS.fullmatch(str(argument)):
            raise BadZipFile(f"it calls {argument}")
    if expanded_size(content) > MAX_OBJECTS:
        raise BadZipFile(f"it holds more than {MAX_OBJECTS:,} objects")


def _walk(content: Any) -> Iterator[Any]:
    """Yield everything that is no container, a shared one at each use."""
    pending = [content]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending += [*value.keys(), *value.values()]
            yield None
        elif isinstance(value, list | tuple):
            pending += value
            yield None
        else:
            yield value
