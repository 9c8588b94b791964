"""Checkpoints whose content would do harm are refused, by one sentence and at once."""

import io
import pickle
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import torch

from tests._run import data, module, trainer
from toysuper.errors import UserError
from toysuper.runs.checkpoint_archive import load_archive
from toysuper.runs.checkpoints import AtomicCheckpointIO, load_checked


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    run, world = trainer(10), data(grid={"seed": [0, 1]})
    run.fit(module(world, schedule="linear"), world)
    run.save_checkpoint(tmp_path / "good.ckpt")
    return tmp_path / "good.ckpt"


def altered(saved: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    content = torch.load(saved, weights_only=True)
    change(content)
    path = saved.with_name("altered.ckpt")
    torch.save(content, path)
    return path


def states(content: dict[str, Any]) -> list[dict[str, Any]]:
    return list(content["optimizer_states"][0]["state"].values())


def each(key: str, value: Callable[[Any], Any]) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        for state in states(content):
            state[key] = value(state.get(key))

    return change


def resume(path: Path) -> None:
    world = data(grid={"seed": [0, 1]})
    run = trainer(20)
    run.strategy.checkpoint_io = AtomicCheckpointIO(path.parent)
    load_checked(path)
    run.fit(module(world, schedule="linear"), world, ckpt_path=path)


def test_a_good_one_loads_to_the_bit(saved: Path) -> None:
    ours, theirs = load_archive(saved), torch.load(saved, weights_only=True)
    assert ours.keys() == theirs.keys()
    for name, tensor in theirs["state_dict"].items():
        assert torch.equal(ours["state_dict"][name], tensor)
    resume(saved)


def shared_lists(depth: int) -> list[Any]:
    pair: list[Any] = [1]
    for _ in range(depth):
        pair = [pair, pair]
    return pair


def progress(content: dict[str, Any]) -> dict[str, Any]:
    loop = content["loops"]["fit_loop"]["epoch_loop.automatic_optimization.optim_progress"]
    return loop["optimizer"]["step"]["total"]


HARM: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "too small for the kernel": (each("exp_avg", lambda _: torch.zeros(1)), "state .* is damaged"),
    "one number for all": (
        each("exp_avg", lambda x: torch.zeros(1).expand(x.shape)),
        "do not lie one after the other",
    ),
    "three billion numbers": (
        each("exp_avg", lambda _: torch.zeros(1).expand(3 * 10**9)),
        "do not lie one after the other",
    ),
    "no average": (
        lambda c: [s.pop("exp_avg") for s in states(c)],
        "state .* of another optimiser",
    ),
    "a word": (each("exp_avg", lambda _: "x"), "optimiser's state .* is damaged"),
    "whole numbers": (each("exp_avg", lambda x: x.long()), "optimiser's state .* is damaged"),
    "lists of lists": (each("more", lambda _: shared_lists(60)), "holds more than .* objects"),
    "a negative step": (lambda c: progress(c).update(completed=-5), "counters of steps"),
    "a step that is a word": (lambda c: progress(c).update(completed="x"), "counters of steps"),
    "a method": (lambda c: c["lr_schedulers"][0].update(step=5), "counters of steps"),
    "a sparse tensor": (
        lambda c: c["state_dict"].update(W=torch.eye(3).to_sparse()),
        "cannot be read|calls",
    ),
}


@pytest.mark.parametrize("name", HARM)
def test_harm_is_refused(name: str, saved: Path) -> None:
    change, sentence = HARM[name]
    with pytest.raises(UserError, match=sentence):
        resume(altered(saved, change))


def rewritten(saved: Path, rename: Callable[[str], str], pickled: bytes | None = None) -> Path:
    path = saved.with_name("rewritten.ckpt")
    with ZipFile(saved) as source, ZipFile(path, "w") as target:
        for name in source.namelist():
            is_pickle = pickled is not None and name.endswith("data.pkl")
            target.writestr(rename(name), pickled if is_pickle else source.read(name))
    return path


@pytest.mark.parametrize(
    "rename",
    [
        lambda name: name.replace("data.pkl", "DATA.PKL"),
        lambda name: name.replace("version", "code/x.py"),
        lambda name: f"other/{name}",
    ],
)
def test_other_names_in_the_archive_are_refused(rename, saved: Path) -> None:
    with pytest.raises(UserError, match="cannot be read as a checkpoint: it holds"):
        load_checked(rewritten(saved, rename))


def test_an_archive_behind_another_file_is_refused(saved: Path) -> None:
    legacy = io.BytesIO()
    torch.save({"toysuper": {}}, legacy, _use_new_zipfile_serialization=False)
    path = saved.with_name("both.ckpt")
    other = io.BytesIO()
    with ZipFile(other, "w") as archive:
        archive.writestr("archive/version", "3")
    path.write_bytes(legacy.getvalue() + other.getvalue())
    with pytest.raises(UserError, match="cannot be read as a checkpoint"):
        load_checked(path)


class Calls:
    def __reduce__(self) -> Any:
        import codecs

        return codecs.encode, ("x" * 10, "hex")


def test_calls_are_refused_before_they_are_made(saved: Path) -> None:
    pickled = pickle.dumps({"toysuper": Calls()}, 2)
    with pytest.raises(UserError, match="it calls _codecs encode"):
        load_checked(rewritten(saved, str, pickled))


@pytest.mark.slow
def test_no_flipped_bytes_load_as_other_weights(saved: Path) -> None:
    """200 files with random bytes changed: each is refused, or loads as it was."""
    whole, dice = saved.read_bytes(), random.Random(0)
    expected, refusals = torch.load(saved, weights_only=True), 0
    path = saved.with_name("flipped.ckpt")
    for _ in range(200):
        content = bytearray(whole)
        for _ in range(dice.choice((1, 1, 2, 10))):
            content[dice.randrange(len(content))] ^= dice.randrange(1, 256)
        path.write_bytes(content)
        try:
            load_checked(path)
            loaded = load_archive(path)
        except UserError:
            refusals += 1
            continue
        for name, tensor in expected["state_dict"].items():
            assert torch.equal(loaded["state_dict"][name], tensor)
    assert refusals > 100


def test_nothing_is_written_or_removed_outside_of_the_root(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    precious = tmp_path / "precious.ckpt"
    precious.write_text("precious")
    files = AtomicCheckpointIO(tmp_path / "root")
    for path in (precious, tmp_path / "root" / ".." / "precious.ckpt"):
        for act in (lambda p: files.save_checkpoint({}, p), files.remove_checkpoint):
            with pytest.raises(UserError, match="lies outside of"):
                act(path)
    assert precious.read_text() == "precious"
