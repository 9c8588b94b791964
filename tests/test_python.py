"""Experiments from a notebook."""

from pathlib import Path

import pytest
import torch

import toysuper
from tests._run import toysuper as command
from toysuper.errors import UserError

SMALL = """
model: {variant: {class_path: ReLUOutputModel, init_args: {hidden: 2}}, jit: false}
data: {n: 4, batch_size: 8, epoch: 2, eval_batches: 1, grid: {density: [0.5, 0.1]}}
trainer: {max_steps: 4, enable_progress_bar: false}
history: {num: 2}
"""


def test_fit_writes_nothing_and_load_gives_the_same_models(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "small.yaml").write_text(SMALL)
    monkeypatch.chdir(tmp_path)
    fitted = toysuper.fit("small.yaml", {"data.seed": 1})
    assert [path.name for path in tmp_path.iterdir()] == ["small.yaml"]
    assert command("fit", "--config=small.yaml", "--data.seed=1", cwd=tmp_path).returncode == 0
    loaded = toysuper.load("runs/small/0")
    torch.testing.assert_close(loaded.W, fitted.W, rtol=0, atol=0)
    assert [moment.step for moment in loaded.history] == [0, 1, 4]


@pytest.mark.parametrize(
    ("config", "settings", "sentence"),
    [
        ("intr", {}, "neither a file nor one of .* Did you mean 'intro'"),
        ("intro", {"model.lrr": 1.0}, "no option 'model.lrr'"),
        ("intro", {"figures.draw": ["mine.figure"]}, "takes no 'figures.draw'; call figures"),
        ("intro", {"metrics.measure": ["mine.stored"]}, r"code, pass allow=\[.mine.\]\.$"),
        ("intro", {"data.seed": 1.5}, "^data.seed: Expected a int. Got value: 1.5$"),
        ("intro", {"data.grid": {"densty": [1.0]}}, "grid axis 'densty'"),
    ],
)
def test_mistakes_raise_one_sentence(config: str, settings: dict, sentence: str, capsys) -> None:
    with pytest.raises(UserError, match=sentence):
        toysuper.fit(config, settings)
    assert not capsys.readouterr().err


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no checkpoint"):
        toysuper.load(tmp_path)
