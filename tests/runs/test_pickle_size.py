import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from tests._run import data, module, trainer
from toysuper.errors import UserError
from toysuper.runs.checkpoints import load_checked
from toysuper.runs.pickle_size import expanded_size


def nested(depth: int) -> Any:
    pair: Any = (1, 2)
    for _ in range(depth):
        pair = (pair, pair)
    return pair


def objects(value: Any) -> int:
    """The slow twin, which walks all copies."""
    return 1 + sum(map(objects, value)) if isinstance(value, tuple) else 1


@pytest.mark.parametrize("depth", [0, 1, 5, 10])
@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_shared_objects_count_at_each_use(depth: int, protocol: int) -> None:
    size, exact = expanded_size(pickle.dumps(nested(depth), protocol)), objects(nested(depth))
    assert exact <= size <= exact + 5


def test_lists_dictionaries_and_strings_count_once() -> None:
    value = {"a": [1, 2.5, None], "b": {"c": (True, b"x"), "d": {}}}
    for protocol in (2, 4):
        assert 10 < expanded_size(pickle.dumps(value, protocol)) < 40


def test_a_checkpoint_of_nested_pairs_is_refused_at_once(tmp_path: Path) -> None:
    """Its hash would take 2^60 steps."""
    torch.save({"a": 1}, tmp_path / "plain.ckpt")
    key = b"h\x00h\x00\x86q\x01" + b"".join(
        b"h" + bytes([k]) + b"h" + bytes([k]) + b"\x86q" + bytes([k + 1]) for k in range(1, 60)
    )
    bomb = b"\x80\x02)q\x00" + key + b"}h\x3cK\x01s."
    with (
        zipfile.ZipFile(tmp_path / "plain.ckpt") as plain,
        zipfile.ZipFile(tmp_path / "bomb.ckpt", "w") as packed,
    ):
        for name in plain.namelist():
            packed.writestr(name, bomb if name.endswith("data.pkl") else plain.read(name))
    with pytest.raises(UserError, match="more than 2,097,152 objects"):
        load_checked(tmp_path / "bomb.ckpt")


def test_an_ordinary_checkpoint_has_few(tmp_path: Path) -> None:
    world = data()
    runner = trainer(20)
    runner.fit(module(world), world)
    runner.save_checkpoint(tmp_path / "x.ckpt")
    with zipfile.ZipFile(tmp_path / "x.ckpt") as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("data.pkl")]
        assert expanded_size(archive.read(name)) < 5000
    load_checked(tmp_path / "x.ckpt")
