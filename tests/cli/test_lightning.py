"""The command line in processes of their own, as a person meets it."""

import csv
import re
import sys
from pathlib import Path

import pytest
import torch
import yaml
from lightning.fabric.utilities.exceptions import MisconfigurationException

from tests._run import ROOT, Result, process, toysuper
from toysuper.cli.configs import bundled_configs
from toysuper.cli.lightning import main
from toysuper.cli.messages import explain_exception, explain_message
from toysuper.runs.checkpoints import list_checkpoints

QUICK = ("--config", "debug", "--trainer.max_steps", "4", "--data.epoch", "2")
INTRO = ROOT / "configs" / "intro.yaml"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short fit of the introduction, in a folder of its own."""
    folder = tmp_path_factory.mktemp("run")
    result = toysuper("fit", "--config", "intro", *QUICK, "--model.jit=false", cwd=folder)
    assert result.returncode == 0, result.stderr
    return folder


def version(folder: Path, number: int = 0, name: str = "intro") -> Path:
    return folder / "runs" / name / f"{number}"


def checkpoint(folder: Path) -> Path:
    return list_checkpoints(version(folder) / "checkpoints")[0]


def test_fit_leaves_figures_tables_checkpoint_and_config(trained: Path) -> None:
    left = {path.name for path in version(trained).rglob("*")}
    assert {"directions_2d.png", "instances.csv", "claims.csv", "config.yaml"} <= left
    assert checkpoint(trained).name == "epoch=1-step=4.ckpt"
    rows = list(csv.DictReader((version(trained) / "instances.csv").read_text().splitlines()))
    assert len(rows) == 72
    about = yaml.safe_load((version(trained) / "config.yaml").read_text())["about"]
    assert about["section"] == "Introduction", "of the experiment, not of the preset debug"


def test_about_is_an_option_like_any_other(tmp_path: Path) -> None:
    args = ("fit", "--config", "intro", *QUICK, "--model.jit=false", "--ckpt_path=last")
    for line in ("first", "second"):  # a run goes on whatever it is about
        result = toysuper(*args, f"--about={{line: {line}}}", cwd=tmp_path)
        assert result.returncode == 0, result.stderr
    assert [run.name for run in (tmp_path / "runs" / "intro").iterdir()] == ["0"]
    result = toysuper("fit", "--config", "intro", "--about=3", cwd=tmp_path)
    assert_refused(result, r"about \(command line\): expected one of .*dict.*, got 3")


def test_arguments_are_passed_on_and_not_put_into_sys_argv(monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", ["notebook", "--of-its-own"])
    with pytest.raises(SystemExit, match="0"):
        main(["fit", "--config", "intro", "--data.seed=7", "--print_config"])
    assert sys.argv == ["notebook", "--of-its-own"] and "seed: 7" in capsys.readouterr().out


@pytest.mark.slow
def test_fit_prints_claims_and_no_warning_or_advert(tmp_path: Path) -> None:
    result = process("fit", "--config", "intro", *QUICK, "--model.jit=false", cwd=tmp_path)
    output = result.stdout + result.stderr
    assert result.returncode == 0 and "INTRO p=0.1" in output and "INV" in output
    assert "Warning" not in output and "Tip" not in output


def test_a_second_run_leaves_the_first_alone_and_its_config_reproduces_it(tmp_path: Path) -> None:
    toysuper("fit", "--config", "intro", *QUICK, "--model.jit=false", cwd=tmp_path)
    run = version(tmp_path)
    before = {p: p.stat().st_mtime_ns for p in run.rglob("*") if p.is_file()}
    again = toysuper("fit", "--config", str(run / "config.yaml"), cwd=tmp_path)
    assert "wrote runs/intro/1" in again.stdout, again.stderr
    assert before == {p: p.stat().st_mtime_ns for p in run.rglob("*") if p.is_file()}
    path = list_checkpoints(version(tmp_path, 1) / "checkpoints")[0]
    first, second = (torch.load(p, weights_only=True) for p in (checkpoint(tmp_path), path))
    assert torch.equal(first["state_dict"]["variant.W"], second["state_dict"]["variant.W"])


@pytest.mark.parametrize("verb", ["validate", "test", "predict"])
def test_the_other_verbs_load_the_checkpoint(trained: Path, verb: str) -> None:
    path = str(checkpoint(trained))
    args = ("--config", "intro", *QUICK[:2], "--model.jit=false", "--ckpt_path", path)
    result = toysuper(verb, *args, cwd=trained)
    assert result.returncode == 0, result.stderr
    if verb == "predict":
        assert list(trained.rglob("predictions.pt"))
    else:
        assert "INTRO" in result.stdout
        wrote = trained / re.search(r"wrote (\S+)", result.stdout)[1]
        assert (wrote / "figures" / "directions_2d.png").exists()


def test_the_config_wins_over_the_checkpoint(trained: Path, tmp_path: Path) -> None:
    """The checkpoint was trained with relu; the user now says identity, and resumes."""
    args = ("--config", "intro", *QUICK, "--trainer.max_steps", "6")
    result = toysuper(
        "fit",
        *args,
        "--model.variant.activation=identity",
        "--model.jit=false",
        "--ckpt_path",
        str(checkpoint(trained)),
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    resolved = yaml.safe_load((version(tmp_path) / "config.yaml").read_text())
    assert resolved["model"]["variant"]["init_args"]["activation"] == "identity"
    assert "not in the grid" in result.stdout  # no relu model is left to check


def test_version_and_help_and_print_config(tmp_path: Path) -> None:
    assert process("--version", cwd=tmp_path).stdout.startswith("toysuper 0")
    assert "--config" in toysuper("fit", "--help", cwd=tmp_path).stdout
    printed = toysuper("fit", "--config", "intro", "--data.seed=5", "--print_config", cwd=tmp_path)
    config = yaml.safe_load(printed.stdout)
    assert config["data"]["seed"] == 5 and config["data"]["n"] == 5
    assert list(tmp_path.iterdir()) == []


TAKES_NO = "class_path 'this.y' Option 'z' is not accepted"
THOUSAND = "{class_path: toysuper.data.curves.LinSpace, init_args: {start: 1, stop: 2, num: 1000}}"
BILLION = ", ".join(f'"importance[{k}]": {THOUSAND}' for k in range(3))
"""A grid of 10^9 instances."""
LONG = "{class_path: toysuper.data.curves.Range, init_args: {num: 10000000000}}"

BROKEN = {
    "hidden: 2|hiden: 2": r"ReLUOutputModel takes no 'hiden' \(bad.yaml, line \d+\).*'hidden'",
    "max_steps: 10000|max_step: 1": r"no option 'trainer.max_step' \(bad.yaml.*'trainer.max_steps'",
    "ReLUOutputModel|ReLUOutpuModel": r"no 'ReLUOutpuModel' \(bad.yaml, .*'ReLUOutputModel'",
    "hidden: 2|hidden: two": (
        r"model.variant.hidden \(bad.yaml, line \d+\): Expected a int. Got value: two"
    ),
    "Geometric|Geometri": r"toysuper.data.curves has no 'Geometri' \(bad.yaml.*'Geometric'",
    "directions_2d|directions_2": r"toysuper.figures has no 'directions_2' .*'directions_2d'",
    "lr: 3.0e-3|lrr: 3.0e-3": r"no option 'model.lrr' \(bad.yaml, line 9\).*'model.lr'",
    "lr: 3.0e-3|optimizer: {class_path: AdamW, init_args: {lrr: 0.1}}": (
        r"AdamW takes no 'lrr' \(bad.yaml, line \d+\). Did you mean 'lr'"
    ),
    "lr: 3.0e-3|optimizer: {class_path: AdmW, init_args: {lr: 0.1}}": (
        r"torch.optim has no 'AdmW' \(bad.yaml, line 9\). Did you mean 'AdamW'"
    ),
    "lr: 3.0e-3|optimizer: {class_path: AdamW, init_args: {lr: fast}}": (
        r"optimizer.lr \(bad.yaml, line \d+\): expected .*float.*got fast$"
    ),
    "lr: 3.0e-3|objective: Adversaria": (
        r"toysuper.objectives has no 'Adversaria' \(bad.yaml, line 9\). Did you mean 'Adversarial'"
    ),
    "schedule: cosine|schedule: cosin": r"model.schedule is 'cosin'; .*Did you mean 'cosine'",
    "schedule: cosine|schedule: {class_path: Cosin}": r"(schedule|schedules) .*Cosin",
    "  n: 5|  n: 5\n  features: SparseUnifrm": (
        r"toysuper.features has no 'SparseUnifrm' \(bad.yaml, line 13\).*'SparseUniform'"
    ),
    "hidden: 2|hidden: 2, n: 7": r"model.variant.n in bad.yaml is taken from the data; set data.n",
    "n: 5|n: 5: 6": r"bad.yaml, line \d+ is not YAML",
    "density: [|desity: [": r"grid axis 'desity' .*Did you mean 'density'",
    "0.2, 0.1]|0.2, -0.1]": r"density of feature 0 is -0.1; it must be above 0 and at most 1",
    "lr: 3.0e-3|lr: fast": r"model.lr \(bad.yaml, line 9\): expected .*float.*got fast$",
    "[1.0, 0.2, 0.1]|0.5": r"data.grid \(bad.yaml, line \d+\): expected one of .*Curve\], got 0.5$",
    "draw: [toysuper.figures.directions_2d]|draw: [directions_2d]": r"give a list of dotted paths",
    "hidden: 2|hidden: 6": r"model.variant.hidden is 6 but there are 5 features",
    "hidden: 2|hidden: 2, activation: rellu": r"activation 'rellu'.*'relu'",
}


@pytest.mark.parametrize("change", BROKEN)
def test_broken_configs_get_one_sentence_and_leave_nothing(change: str, tmp_path: Path) -> None:
    old, new = change.split("|")
    intro = INTRO.read_text()
    assert old in intro
    (tmp_path / "bad.yaml").write_text(intro.replace(old, new))
    assert_refused(toysuper("fit", "--config", "bad.yaml", cwd=tmp_path), BROKEN[change])
    assert [path.name for path in tmp_path.iterdir()] == ["bad.yaml"]


def assert_refused(result: Result, sentence: str) -> None:
    assert result.returncode in (1, 2)
    assert re.search(sentence, result.stderr), result.stderr
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("--config", "intr"), "neither a file nor one of .*Did you mean 'intro'"),
        (
            ("--config", "intro", "--model.variant.n=7"),
            "model.variant.n on the command line is taken from the data",
        ),
        (
            ("--config", "intro", "--model.variant.grid.density=[1]"),
            "model.variant.grid on the command line",
        ),
        (
            ("--config", "intro", "--model.variant", '{"seed": 3}'),
            "model.variant.seed on the command line",
        ),
        (
            ("--config", "intro", "--model={variant: {init_args: {seed: 3}}}"),
            "model.variant.seed on the command line",
        ),
        (("--config", "intro", "--model.n=7"), "no option 'model.n'"),
        (
            ["--config=intro", "--model={variant: {class_path: ReLUOutpuModel}}"],
            r"toysuper.models has no 'ReLUOutpuModel' \(command line\).*'ReLUOutputModel'",
        ),
        (
            ["--config=intro", "--model.variant=Mine"],
            r"toysuper.models has no 'Mine' \(command line\)\. A class .* my_models\.Mine\.",
        ),
        (("intro",), "'intro' is a config; write fit --config intro"),
        ((), "[Nn]ame an experiment, --config intro.*required"),
        (("--config", "intro", "--trainer.max_step=5"), "no option 'trainer.max_step'"),
        (("--config", "intro", "--ckpt_path", "no.ckpt"), "'no.ckpt' is not a file"),
        (("--config", "intro", "--ckpt_path", "junk.ckpt"), "cannot be read as a checkpoint"),
        (("--config", "intro", "--ckpt_path", "foreign.ckpt"), "was not written by toysuper"),
        (("--config", "intro", "--trainer.default_root_dir", "junk.ckpt"), "Not a directory"),
        (
            [
                "--config=intro",
                "--data.features=toysuper.features.SparseUniform",
                "--data.features.signed=true",
            ],
            r"targets down to -1, but the output of ReLUOutputModel is relu and never negative",
        ),
        (["--config=intro", "--data.task=os.system"], "a config may not name 'os.system'"),
        (
            ["--config=intro", "--trainer.callbacks={class_path: subprocess.Popen}"],
            "may not name 'subprocess.Popen'; .*add --allow subprocess",
        ),
        (
            ["--config=intro", "--figures.draw=[toysuper.cli.main.os.system]"],
            "a config may not name 'toysuper.cli.main.os.system'",
        ),
        (["--config=intro", "--allow"], "--allow '' is no package"),
        (["--config=intro", "--trainer.max_steps=module 'this' has no attribute 'x'"], "no 'x'"),
        (
            [
                "--config=intro",
                "--trainer.max_steps=class_path 'this.y' Option 'z' is not accepted",
            ],
            "this.y takes no 'z'",
        ),
        (
            [
                "--config=intro",
                "--data.grid={seed: {class_path: Range, init_args: {num: 10000000000}}}",
            ],
            "values of grid axis 'seed' is 10,000,000,000; it must be at most 100,000",
        ),
        (
            ["--config=intro", f"--data.grid={{{BILLION}}}"],
            "instances of the grid is 1,000,000,000; it must be at most 100,000",
        ),
        (
            ["--config=intro", "--data.n=10000000000"],
            "data.n is 10,000,000,000; it must be at most 10,000",
        ),
        (
            ["--config=intro", "--data.batch_size=10000000000"],
            "data.batch_size is 10,000,000,000; it must be at most 4,194,304",
        ),
        (
            ["--config=intro", "--data.n=9000", "--model.variant.hidden=9000"],
            "72 models of 9,000 features in 9,000 dimensions needs about",
        ),
        (
            ["--config=intro", "--data.task=mean"],
            r"task 'mean' returns the shape \(\) for features .*a row for each feature",
        ),
        (
            ["--config=intro", "--data.task=pair_mux"],
            r"task 'pair_mux' is not .*Did you mean 'pair_max'\?",
        ),
        (
            ["--config=intro", "--data.grid={hidden: [1, 9]}"],
            r"'hidden' holds 9; it takes whole numbers from 1 to",
        ),
    ],
)
def test_bad_arguments_get_one_sentence(args, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "junk.ckpt").write_text("not a checkpoint")
    torch.save({"state_dict": {}}, tmp_path / "foreign.ckpt")
    assert_refused(toysuper("fit", *args, cwd=tmp_path), sentence)
    assert {path.name for path in tmp_path.iterdir()} == {"junk.ckpt", "foreign.ckpt"}
    assert "this" not in sys.modules, "a value was imported"


@pytest.mark.parametrize("option", ["--trainer.logger=false", "--trainer.fast_dev_run=true"])
def test_runs_without_a_logger_leave_nothing(option: str, tmp_path: Path) -> None:
    for _ in range(2):
        args = ("fit", "--config", "intro", *QUICK, "--model.jit=false", option)
        result = toysuper(*args, cwd=tmp_path)
        assert result.returncode == 0, result.stderr
        assert "INTRO" in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_schedules_and_torch_optimisers_come_from_yaml(tmp_path: Path) -> None:
    (tmp_path / "sgd.yaml").write_text(
        "model:\n  variant: {class_path: LinearModel, init_args: {hidden: 2}}\n  jit: false\n"
        "  schedule: {class_path: toysuper.data.schedules.Linear, init_args: {warmup: 0.5}}\n"
        "  optimizer: {class_path: torch.optim.SGD, init_args: {lr: 0.5}}\n"
        "data: {n: 4, batch_size: 8}\n"
    )
    args = ("--trainer.max_steps=3", "--trainer.enable_progress_bar=false")
    result = toysuper("fit", "--config", "sgd.yaml", *args, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    (saved,) = tmp_path.rglob("*.ckpt")
    (group,) = torch.load(saved, weights_only=True)["optimizer_states"][0]["param_groups"]
    assert group["initial_lr"] == 0.5 and "betas" not in group
    assert group["lr"] == 0.0  # the factor of the step after the last


@pytest.mark.parametrize("verb", ["validate", "test", "predict"])
def test_untrained_weights_are_not_judged(verb: str, tmp_path: Path) -> None:
    result = toysuper(verb, "--config", "intro", cwd=tmp_path)
    assert_refused(result, f"{verb} needs --ckpt_path")


def test_the_command_comes_first(tmp_path: Path) -> None:
    assert_refused(toysuper("intro", cwd=tmp_path), "write fit --config intro")
    assert_refused(toysuper("--config", "intro", "fit", cwd=tmp_path), "the command comes first")


def test_a_user_module_beside_the_config_is_found(tmp_path: Path) -> None:
    name = f"mine_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(
        "from matplotlib.figure import Figure\ndef empty(snapshot):\n    return Figure()\n"
    )
    args = (
        "fit",
        "--config",
        "intro",
        *QUICK,
        "--model.jit=false",
        f"--figures.draw=[{name}.empty]",
    )
    assert_refused(toysuper(*args, cwd=tmp_path), f"if you trust its code, add --allow {name}")
    assert not (tmp_path / "runs").exists()
    result = toysuper(*args, "--allow", name, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert (version(tmp_path) / "figures" / "empty.png").exists()


def test_a_module_beside_the_config_is_found_from_another_folder(tmp_path: Path) -> None:
    name, folder = f"near_{tmp_path.name}", tmp_path / "mine"
    folder.mkdir()
    code = "def stored(snapshot):\n    return snapshot.W[:, 0, 0]\n"
    (folder / f"{name}.py").write_text(code)
    (folder / "own.yaml").write_text(
        "model: {variant: {class_path: LinearModel, init_args: {hidden: 2}}, jit: false}\n"
        f"data: {{n: 4}}\nmetrics: {{measure: [{name}.stored]}}\n"
    )
    fit = ("fit", "--config", "mine/own.yaml", "--allow", name, *QUICK)
    result = toysuper(*fit, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "stored" in (tmp_path / "runs/own/0/instances.csv").read_text()
    assert str(folder) not in sys.path


def test_one_callback_needs_no_list(tmp_path: Path) -> None:
    monitor = '{"class_path": "lightning.pytorch.callbacks.LearningRateMonitor"}'
    args = ("fit", "--config", "intro", *QUICK, "--model.jit=false", "--trainer.callbacks", monitor)
    result = toysuper(*args, cwd=tmp_path)
    assert result.returncode == 0, result.stderr


def test_a_checkpoint_of_another_size_is_refused(trained: Path, tmp_path: Path) -> None:
    path = str(checkpoint(trained))
    args = ("fit", "--config", "intro", "--data.n", "6", "--ckpt_path", path)
    result = toysuper(*args, cwd=tmp_path)
    assert_refused(result, r"\(72, 2, 5\).*\(72, 2, 6\)")


def test_a_full_disk_gets_one_sentence() -> None:
    full = OSError(28, "No space left on device", "runs/x.ckpt")
    assert "disk is full" in explain_exception(full)
    assert explain_exception(MisconfigurationException("no such device")) == "no such device"
    assert explain_exception(RuntimeError("a true fault")) is None
    try:
        try:
            Path("/nowhere/at/all").read_text()
        except OSError:
            {}["a true fault while handling another"]
    except KeyError as error:
        assert explain_exception(error) is None


def test_errors_without_a_pattern_keep_their_words() -> None:
    assert explain_message("something new went wrong") == "something new went wrong"


def test_names_find_every_config() -> None:
    assert {"intro", "debug", "gpu", "ddp"} <= set(bundled_configs())
