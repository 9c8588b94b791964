"""Broken configs, 32 by default: one sentence each, no traceback, no hang, nothing left behind."""

import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests._run import ROOT, toysuper

CASES, SECONDS = 32 * int(os.environ.get("TOYSUPER_TRIALS", "1")), 20
VALUES: list[Any] = [
    *(
        None,
        True,
        -1,
        0,
        0.5,
        1e308,
        float("nan"),
        float("inf"),
        10**12,
        "",
        "x",
        "é\n",
        "os.system",
    ),
    *([], {}, [[]], [None], {"class_path": "subprocess.Popen"}, {"class_path": 3}, {1: 2}),
    {"class_path": "toysuper.data.curves.Range", "init_args": {"num": 10**12}},
    {"class_path": "LogSpace", "init_args": {"start": 0, "stop": -1}},
    {"class_path": "toysuper.models.LinearModel", "init_args": {"hidden": "two"}},
]
BASES = ("intro", "privileged_basis", "correlated_2x2", "pentagon_to_digons")


def paths_of_values(config: Any, at: tuple = ()) -> Iterator[tuple]:
    """The path of every value."""
    items = config.items() if isinstance(config, dict) else enumerate(config)
    for key, value in items:
        yield (*at, key)
        if isinstance(value, dict | list):
            yield from paths_of_values(value, (*at, key))


def broken(number: int) -> str:
    """A config with one to three values replaced, removed, renamed or garbled."""
    dice = random.Random(number)
    config = yaml.safe_load((ROOT / "configs" / f"{dice.choice(BASES)}.yaml").read_text())
    for _ in range(dice.randint(1, 3)):
        *inner, last = dice.choice(list(paths_of_values(config)))
        part = config
        for key in inner:
            part = part[key]
        match dice.randrange(4):
            case 0:
                del part[last]
            case 1 if isinstance(last, str):
                part[last[::-1]] = part.pop(last)
            case _:
                part[last] = deepcopy(dice.choice(VALUES))  # else one may hold itself
    text = yaml.safe_dump(config, sort_keys=False)
    if dice.random() < 0.2:
        cut = dice.randrange(len(text))
        text = text[:cut] + dice.choice(["", "{", ":", "\t", "&a [*a]", "\x00", "!!python/name:os"])
    return text


@contextmanager
def in_time(seconds: int) -> Iterator[None]:
    def late(*_: Any) -> None:
        raise KeyboardInterrupt(f"hung for {seconds} s")  # nobody takes it for a bad config

    signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("group", range(4))
def test_broken_configs_end_in_one_sentence(group: int, tmp_path: Path) -> None:
    """Those that are still good run for two steps."""
    refused = 0
    short = ("--trainer.max_steps=2", "--trainer.logger=false", "--model.jit=false")
    small = ("--data.eval_batches=1", "--data.eval_batch_size=8", "--data.batch_size=8")
    for number in range(group, CASES, 4):
        (tmp_path / "bad.yaml").write_text(broken(number))
        with in_time(SECONDS):
            result = toysuper("fit", "--config", "bad.yaml", *short, *small, cwd=tmp_path)
        assert result.returncode in (0, 1, 2), number
        if result.returncode:
            refused += 1
            lines = result.stderr.strip().splitlines()
            assert lines[-1].startswith("toysuper: "), (number, result.stderr)
            assert len(lines) == 1 or result.returncode == 1, (number, result.stderr)
        assert "Traceback" not in result.stderr, (number, result.stderr)
        assert [path.name for path in tmp_path.iterdir()] == ["bad.yaml"], number
    assert refused > CASES / 4 / 2, "most are broken"


LINE = (
    *("fit", "--config", "intro", "--config=debug", "--model.jit=false"),
    *("--data.n", "5", "--data.density=[1.0, 0.5, 0.2, 0.1, 0.1]", "--model.optimizer=SGD"),
    *("--model.optimizer.lr=0.1", "--data.grid.seed=[0, 1]", "--model.variant.activation=gelu"),
    *("--trainer.logger", "false", "--trainer.callbacks=EarlyStopping", "--figures.draw=[]"),
    *(
        "--trainer.callbacks.monitor=val/loss",
        "--model.objective",
        "L1Penalty",
        "--claims.check=[]",
    ),
)
WORDS = (
    "",
    "-",
    "--",
    "=",
    "--=",
    "null",
    "[",
    "{a: 1}",
    "é",
    "\x00",
    "1e999",
    "-1",
    "a.b",
    "--data",
)


def broken_line(number: int) -> list[str]:
    """A command line with one to three words dropped, doubled, exchanged or garbled."""
    dice, words = random.Random(number), [*LINE]
    for _ in range(dice.randint(1, 3)):
        k = dice.randrange(len(words))
        match dice.randrange(6):
            case 0:
                del words[k]
            case 1:
                words.insert(k, dice.choice([*words, *WORDS]))
            case 2:
                j = dice.randrange(len(words))
                words[k], words[j] = words[j], words[k]
            case 3:
                words[k] = words[k][: dice.randrange(len(words[k]) + 1)]
            case 4:
                words[k] = words[k].partition("=")[0] + "=" + dice.choice(WORDS)
            case _:
                at = dice.randrange(len(words[k]) + 1)
                words[k] = words[k][:at] + dice.choice("=.-_x0[{é") + words[k][at:]
    return [*words, "--trainer.max_steps=2"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("group", range(4))
def test_broken_command_lines_end_in_one_sentence(group: int, tmp_path: Path) -> None:
    for number in range(group, CASES // 4, 4):
        words = broken_line(number)
        with in_time(SECONDS):
            result = toysuper(*words, cwd=tmp_path)
        assert result.returncode in (0, 1, 2), (number, words)
        lines = result.stderr.strip().splitlines()
        assert not result.returncode or lines[-1].startswith("toysuper: "), (number, words, lines)
        assert "Traceback" not in result.stderr, (number, words, result.stderr)
        left = {path.name for path in tmp_path.iterdir()} - {"runs"}
        assert not left, (number, words)


BOMBS = {
    "aliases": "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
    + "".join(
        f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n"
        for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    ),
    "itself": "data: &a {n: *a}\n",
    "depth": "data: " + "[" * 20_000,
    "bytes": "\x00\x01\x02",
    "number": "1: 2\n",
    "another file": "data: bad.yaml\n",
}


@pytest.mark.parametrize("name", BOMBS)
def test_configs_that_grow_without_end_are_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(BOMBS[name])
    with in_time(SECONDS):
        result = toysuper("fit", "--config", "bad.yaml", cwd=tmp_path)
    assert result.returncode == 1
    assert result.stderr.startswith("toysuper: bad.yaml") and "\n" not in result.stderr.strip()
