"""Runs, sweeps and checkpoints that somebody else made can do nothing but be read."""

import contextlib
import csv
import io
import json
import os
import pickle
import time
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from tests._run import Result
from toysuper.cli.collect import collect
from toysuper.cli.context import hide_adverts
from toysuper.cli.main import main
from toysuper.cli.sweep.storage import open_study
from toysuper.runs.files import csv_bytes

QUICK = ("--trainer.max_steps=2", "--model.jit=false", "--claims.check=[]", "--figures.draw=[]")
SWEEP = ("sweep", "--axis=model.variant.hidden=[2]", "--config=intro", "--name=theirs")


def toysuper(*args: str, cwd: Path) -> Result:
    """The whole command line within this process."""
    out, err, before, code = io.StringIO(), io.StringIO(), dict(os.environ), None
    with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([*args])
        except SystemExit as stop:
            code = stop.code
    os.environ.clear()
    os.environ.update(before)
    words = code if isinstance(code, str) else ""
    return Result(1 if words else int(code or 0), out.getvalue(), err.getvalue() + words)


def run(folder: Path, name: str = "intro/0") -> Path:
    """A run as ``report`` and ``collect`` need it."""
    path = folder / "runs" / name
    (path / "figures").mkdir(parents=True)
    (path / "config.yaml").write_text("model: {lr: 0.1}\ndata: {n: 5}\n")
    (path / "instances.csv").write_text("seed,held_out_loss\n0,0.5\n")
    (path / "claims.csv").write_text("name,statement,expected,measured,holds\nA,a,b,c,holds\n")
    Image.new("RGB", (20, 10)).save(path / "figures" / "gram.png")
    return path


def bomb(path: Path) -> None:
    frames = [Image.new("P", (16000, 8000), k % 2) for k in range(2)]
    frames[0].save(path, save_all=True, append_images=frames[1:] * 5, loop=0)


def replace(name: str, make: Callable[[Path], Any]) -> Callable[[Path, Path], None]:
    def change(path: Path, secret: Path) -> None:
        (path / name).unlink(missing_ok=True)
        make(path / name)

    return change


def link(name: str) -> Callable[[Path, Path], None]:
    def change(path: Path, secret: Path) -> None:
        target = path / name
        if target.is_dir():
            for file in target.iterdir():
                file.unlink()
            target.rmdir()
        target.unlink(missing_ok=True)
        target.symlink_to(secret.parent if name == "figures" else secret)

    return change


ALIASES = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join(f'*{a}' for _ in range(9))}]\n"
    for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
DAMAGE: dict[str, Callable[[Path, Path], None]] = {
    "aliases": replace("config.yaml", lambda file: file.write_text(ALIASES)),
    "pipe": replace("config.yaml", os.mkfifo),
    "pipe of a table": replace("instances.csv", os.mkfifo),
    "deep": replace("config.yaml", lambda file: file.write_text("a: " + "[" * 3000 + "]" * 3000)),
    "field": replace("instances.csv", lambda f: f.write_text(f"seed,x\n0,{'y' * 200_000}\n")),
    "dangling": link("config.yaml"),
    "linked config": link("config.yaml"),
    "linked table": link("instances.csv"),
    "no column": replace("claims.csv", lambda file: file.write_text("holds\nholds\n")),
    "picture": replace("figures/gram.png", lambda file: file.write_bytes(b"\x89PNG\r\n")),
    "bomb": replace("figures/bomb.gif", bomb),
    "linked picture": link("figures/gram.png"),
    "linked folder": link("figures"),
    "hard link": lambda path, secret: replace("config.yaml", lambda file: os.link(secret, file))(
        path, secret
    ),
    "a number of 500,000 digits": replace(
        "config.yaml", lambda file: file.write_text(f"model: {{a: 0x{'f' * 500_000}}}")
    ),
    "millions of rows": replace(
        "claims.csv", lambda file: file.write_text("a,b\n" + "1,2\n" * 3_000_000)
    ),
}


HEAVY = {"millions of rows", "bomb"}
EACH = [pytest.param(d, marks=pytest.mark.slow) if d in HEAVY else d for d in DAMAGE]


@pytest.mark.parametrize("what", EACH)
def test_a_damaged_run_costs_no_other_and_shows_no_other_file(what: str, tmp_path: Path) -> None:
    secret = tmp_path / "elsewhere" / "secret.png"
    secret.parent.mkdir()
    if what != "dangling":
        secret.write_text("seed,word\n0,s3cret\n")
    theirs = run(tmp_path, "octahedron/0")
    run(tmp_path)
    DAMAGE[what](theirs, secret)
    start = time.monotonic()
    for command, name in (("report", "report.html"), ("collect", "collected.csv")):
        result = toysuper(command, cwd=tmp_path)
        assert result.returncode == 0, result.stderr
        text = (tmp_path / "runs" / name).read_text()
        assert "intro" in text and "s3cret" not in text
        is_named = "octahedron" in result.stderr and "left out" in result.stderr
        assert is_named or "octahedron" in text or what == "pipe of a table"  # it has not ended
    assert time.monotonic() - start < 20


def test_a_name_that_is_not_utf8_costs_nothing(tmp_path: Path) -> None:
    run(tmp_path)
    run(tmp_path, os.fsdecode(b"\xff\xfe/0"))
    for command, name in (("report", "report.html"), ("collect", "collected.csv")):
        assert toysuper(command, cwd=tmp_path).returncode == 0
        assert "intro" in (tmp_path / "runs" / name).read_text()


def test_where_no_run_can_be_read_that_is_said(tmp_path: Path) -> None:
    (run(tmp_path) / "config.yaml").write_text("[")
    for command in ("report", "collect"):
        result = toysuper(command, cwd=tmp_path)
        assert result.returncode == 1 and "no run of 'runs' can be read" in result.stderr


@pytest.mark.parametrize("text", ["=1+1", "+x", "-x", "@SUM(A1)", "  =1", "\uff1d1"])
def test_a_spreadsheet_computes_nothing(text: str, tmp_path: Path) -> None:
    rows = [{text: text, "number": "-0.5", "value": -1e-3, "word": "a-b"}]
    header, row = csv.reader(io.StringIO(csv_bytes(rows).decode(), newline=""))
    assert header[0] == row[0] == f"'{text}"
    assert row[1:] == ["-0.5", "-0.001", "a-b"]
    theirs = run(tmp_path)
    (theirs / "instances.csv").write_bytes(f'"{text}"\n"{text}"\n'.encode())
    (cell,) = collect(tmp_path / "runs")
    assert f"'{text}" in csv_bytes([cell]).decode()


def test_no_cell_is_a_formula_where_semicolons_separate_cells() -> None:
    table = csv_bytes([{"word": "a;=1+1;b\t@x", "plain": "a; b"}]).decode()
    assert "a;'=1+1;b\t'@x" in table and "a; b" in table


def test_a_name_gives_the_terminal_no_command(tmp_path: Path) -> None:
    run(tmp_path, "x\x1b[2Jy/0")
    (run(tmp_path, "z\x1b]0;t\x07/0") / "config.yaml").write_text("[")
    (tmp_path / "e\x1b[31m.yaml").write_text('data: {task: "a\\e[2Jb"}')
    said = [
        toysuper("collect", cwd=tmp_path),
        toysuper("report", cwd=tmp_path),
        toysuper("\x1b[2J", cwd=tmp_path),
        toysuper("fit", "--config=intro", "--config", "e\x1b[31m.yaml", *QUICK, cwd=tmp_path),
        toysuper("fit", "--config=e\x1b[31m.yml", cwd=tmp_path),
    ]
    assert all("\x1b" not in result.stdout + result.stderr for result in said)
    assert all("\\x1b" in result.stdout + result.stderr for result in said[2:])


def test_a_thousand_fits_of_a_notebook_wrap_nothing_a_thousand_times() -> None:
    hide_adverts()
    first = warnings.formatwarning
    hide_adverts()
    assert warnings.formatwarning is first
    assert "\\x1b" in first("a\x1b[2J", UserWarning, "x.py", 1)


def sweep(cwd: Path, *words: str) -> Any:
    return toysuper(*SWEEP, *QUICK, *words, cwd=cwd)


@pytest.fixture
def swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("toysuper.cli.sweep.sweep.Sweep.train", lambda *_: 0.5)
    monkeypatch.setattr("toysuper.cli.sweep.sweep.Sweep.report", lambda *_: True)
    assert sweep(tmp_path).returncode == 0
    return tmp_path / "runs" / "theirs" / "optuna.log"


@pytest.mark.parametrize(
    "point",
    [
        {"allow": "theirs"},
        {"model.variant.hidden": "2", "allow": "x"},
        {"model.variant.hidden": "3"},
        "x",
        3,
    ],
)
def test_a_stored_point_has_the_axes_keys_and_values(
    point: Any, swept: Path, tmp_path: Path
) -> None:
    lines = [json.loads(line) for line in swept.read_text().splitlines()]
    text = "\n".join(json.dumps(_with_point(line, point)) for line in lines)
    swept.write_text(f"{text}\n")
    result = sweep(tmp_path)
    assert result.returncode == 1 and "is not one of this sweep" in result.stderr


def _with_point(value: Any, point: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {k: point if k == "point" else _with_point(v, point) for k, v in value.items()}


def test_a_damaged_list_of_points_is_named(swept: Path, tmp_path: Path) -> None:
    swept.write_text('{"op_code": 99}\n')
    result = sweep(tmp_path)
    assert result.returncode == 1 and "optuna.log" in result.stderr


@pytest.mark.parametrize("how", [os.symlink, os.link])
def test_the_list_of_points_has_no_other_name(how: Any, swept: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_bytes(swept.read_bytes())
    before = outside.read_bytes()
    swept.unlink()
    how(outside, swept)
    assert sweep(tmp_path, "--axis=model.lr=[0.1]").returncode == 1
    assert outside.read_bytes() == before


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    cwd = tmp_path_factory.mktemp("checkpoint")
    result = toysuper("fit", "--config=intro", *QUICK, "--history.num=2", cwd=cwd)
    assert result.returncode == 0, result.stderr
    return next((cwd / "runs/intro/0/checkpoints").iterdir())


def nan(content: dict[str, Any]) -> None:
    for tensor in content["state_dict"].values():
        tensor.fill_(torch.nan)


def set_key(*keys: str, value: Any = None) -> Callable[[dict[str, Any]], None]:
    def change(content: Any) -> None:
        for key in keys[:-1]:
            content = content[key]
        content[keys[-1]] = value

    return change


CRAFTED: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no state": lambda content: content.pop("state_dict"),
    "odd state": set_key("state_dict", value=[1, 2]),
    "words for weights": set_key("state_dict", value={"variant.W": "x", "variant.b": "y"}),
    "no step": lambda content: content.pop("global_step"),
    "odd step": set_key("global_step", value="many"),
    "negative step": set_key("global_step", value=-3),
    "huge step": set_key("global_step", value=10**400),
    "long history": set_key("callbacks", "History", "step", value=[0] * 90_000),
    "odd history": set_key("callbacks", "History", "loss", value=torch.zeros(1)),
    "no loops": lambda content: content.pop("loops"),
    "odd loops": set_key("loops", value={"fit_loop": 3}),
    "odd optimiser": set_key("optimizer_states", value=[{"state": 3}]),
    "odd schedule": set_key("lr_schedulers", value="x"),
    "odd callbacks": set_key("callbacks", value={"History": [1]}),
    "odd epoch": set_key("epoch", value="x"),
    "nan": nan,
}


@pytest.mark.parametrize("what", CRAFTED)
def test_a_crafted_checkpoint_ends_in_a_sentence(
    what: str, checkpoint: Path, tmp_path: Path
) -> None:
    content = torch.load(checkpoint, weights_only=True)
    CRAFTED[what](content)
    torch.save(content, tmp_path / "theirs.ckpt")
    words = ("--config=intro", *QUICK, "--trainer.max_steps=4", "--history.num=2")
    result = toysuper("fit", *words, "--ckpt_path=theirs.ckpt", cwd=tmp_path)
    assert result.returncode == 0 or "toysuper: " in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr


class Runs:
    def __reduce__(self) -> Any:
        return os.mkdir, ("ran",)


@pytest.mark.slow
def test_a_checkpoint_unpacks_to_little_more_than_itself_and_runs_nothing(
    checkpoint: Path, tmp_path: Path
) -> None:
    content = torch.load(checkpoint, weights_only=True)
    torch.save({**content, "more": torch.zeros(1 << 26)}, tmp_path / "plain.ckpt")
    with (
        zipfile.ZipFile(tmp_path / "plain.ckpt") as plain,
        zipfile.ZipFile(tmp_path / "big.ckpt", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in plain.namelist():
            packed.writestr(name, plain.read(name))
    torch.save({**content, "more": Runs()}, tmp_path / "runs.ckpt")
    (tmp_path / "pickle.ckpt").write_bytes(pickle.dumps(Runs()))
    for name, match in {
        "big": "would unpack to",
        "runs": "cannot be read",
        "pickle": "cannot be",
    }.items():
        result = toysuper("fit", "--config=intro", *QUICK, f"--ckpt_path={name}.ckpt", cwd=tmp_path)
        assert result.returncode == 1 and match in result.stderr
    assert not (tmp_path / "ran").exists()


def test_a_full_disk_leaves_no_run_that_seems_to_have_ended(tmp_path: Path, monkeypatch) -> None:
    from toysuper.runs import files

    write = files.write_atomic

    def full(path: Path, content: Any) -> None:
        if path.name == "claims.csv":
            raise OSError(28, "No space left on device", str(path))
        write(path, content)

    monkeypatch.setattr(files, "write_atomic", full)
    result = toysuper("fit", "--config=intro", *QUICK[:2], "--figures.draw=[]", cwd=tmp_path)
    assert result.returncode == 1 and "the disk is full" in result.stderr
    assert not (tmp_path / "runs/intro/0/instances.csv").exists()


def test_a_wide_run_and_a_long_run_make_no_huge_table(tmp_path: Path) -> None:
    wide, long = run(tmp_path, "wide/0"), run(tmp_path, "long/0")
    settings = ", ".join(f"k{k}: 1" for k in range(2000))
    (wide / "config.yaml").write_text(f"model: {{{settings}}}")
    (long / "instances.csv").write_text("a\n" + "1\n" * 30_000)
    done = toysuper("collect", "runs", cwd=tmp_path)
    assert done.returncode == 0 and "cells with it; at most" in done.stderr
    assert (tmp_path / "runs" / "collected.csv").stat().st_size < 1 << 20


def test_a_damaged_newest_run_hides_no_older_one(tmp_path: Path) -> None:
    run(tmp_path, "intro/0")
    newest = run(tmp_path, "intro/1")
    (newest / "config.yaml").write_text("[1")
    os.utime(newest / "instances.csv", (2e9, 2e9))
    done = toysuper("report", "runs", cwd=tmp_path)
    assert done.returncode == 0 and "left out" in done.stderr and "wrote" in done.stdout


def test_a_path_that_is_too_long_costs_no_other_run(tmp_path: Path, monkeypatch) -> None:
    run(tmp_path, "intro/0")
    monkeypatch.chdir(tmp_path / "runs")
    length = len("runs")
    while length < 4085:
        name = "a" * min(200, 4085 - length)
        os.mkdir(name)
        os.chdir(name)
        length += len(name) + 1
    for name, text in (("config.yaml", "{}"), ("instances.csv", "a\n1\n")):
        Path(name).write_text(text)
    os.chdir(tmp_path)
    for command in ("collect", "report"):
        assert toysuper(command, "runs", cwd=tmp_path).returncode == 0


def test_a_picture_of_a_million_frames_is_left_out(tmp_path: Path) -> None:
    figures = run(tmp_path, "intro/0") / "figures"
    figures.mkdir(exist_ok=True)
    frame = b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0"
    head = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff"
    (figures / "x.gif").write_bytes(head + frame * 100_000 + b";")
    done = toysuper("report", "runs", cwd=tmp_path)
    assert done.returncode == 0 and "1,000 frames" in done.stderr


@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_lock_from_the_future_holds_nobody_up(kind: str, swept: Path) -> None:
    lock = swept.with_name("optuna.log.lock")
    lock.symlink_to("nowhere") if kind == "link" else lock.write_text("")
    os.utime(lock, (4e9, 4e9), follow_symlinks=False)
    start = time.monotonic()
    open_study(swept)
    assert time.monotonic() - start < 10
