"""Every page of TensorBoard has something to show."""

import re
from pathlib import Path

import pytest
import torch
from google.protobuf.text_format import Parse
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.plugins.projector import ProjectorConfig

from tests._run import data, toysuper
from toysuper.callbacks.about import equation
from toysuper.callbacks.front_page import CHARTS
from toysuper.callbacks.projector import directions, metadata
from toysuper.models import AbsoluteValueModel, ReLUOutputModel

CONFIG = """
model: {class_path: toysuper.models.ReLUOutputModel, init_args: {hidden: 2, jit: false}}
data:
  n: 4
  grid: {density: [1.0, 0.2], activation: [relu], seed: [0, 1]}
  epoch: 10
  eval_batches: 2
trainer: {max_steps: 20}
claims: {check: [toysuper.claims.invariance]}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    (folder / "small.yaml").write_text(CONFIG)
    result = toysuper("fit", "--config", "small.yaml", cwd=folder)
    assert result.returncode == 0, result.stderr
    assert "tensorboard --logdir runs/small\n" in result.stdout
    return folder / "runs/small/0"


def events(folder: Path) -> EventAccumulator:
    return EventAccumulator(str(folder), size_guidance={"tensors": 0}).Reload()


def text(found: EventAccumulator, tag: str) -> str:
    return found.Tensors(f"{tag}/text_summary")[-1].tensor_proto.string_val[0].decode()


def test_every_line_of_the_front_page_has_numbers(run: Path) -> None:
    found = events(run)
    layout = layout_pb2.Layout()
    layout.ParseFromString(found.Tensors("custom_scalars__config__")[0].tensor_proto.string_val[0])
    front, pairs = layout.category
    assert [chart.title for chart in front.chart] == [*CHARTS]
    assert len(pairs.chart) == 4, "a chart for each place with tags of its own"
    scalars = found.Tags()["scalars"]
    for chart in (*front.chart, *pairs.chart):
        for pattern in chart.multiline.tag:
            assert any(re.match(pattern, tag) for tag in scalars), pattern


def test_the_text_page_has_equation_config_version_and_claims(run: Path) -> None:
    found = events(run)
    assert "x' = ReLU(Wᵀ W x + b)" in text(found, "about/1 model")
    config = text(found, "about/2 config")
    assert "hidden: 2" in config and ": null" not in config
    assert "toysuper 0." in text(found, "about/3 version")
    assert re.search(r"\| INV \|.*\| holds \|", text(found, "about/4 claims"))


def test_hparams_are_the_grid_with_final_metrics(run: Path) -> None:
    folders = sorted((run / "models").iterdir())
    assert [folder.name for folder in folders] == ["00 density=1,relu", "01 density=0.2,relu"]
    found = events(folders[1])
    content = found.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    given = plugin_data_pb2.HParamsPluginData.FromString(content).session_start_info.hparams
    assert given["density"].number_value == 0.2 and given["activation"].string_value == "relu"
    assert found.Scalars("final/represented")[0].value >= 0


def test_the_projector_finds_directions_and_their_metadata(run: Path) -> None:
    config = Parse((run / "projector_config.pbtxt").read_text(), ProjectorConfig())
    assert [entry.tensor_name for entry in config.embeddings] == [
        "density=1,relu",
        "density=0.2,relu",
    ]
    for entry in config.embeddings:
        points = (run / entry.tensor_path).read_text().splitlines()
        head, *rows = (run / entry.metadata_path).read_text().splitlines()
        assert len(points) == len(rows) == 4 and head.split("\t")[:2] == ["feature", "importance"]
        assert {len(point.split("\t")) for point in points} == {3}, "two, and zero"


def test_directions_are_the_columns_of_w() -> None:
    model = ReLUOutputModel(4, {"density": [0.5]}, hidden=3)
    with torch.no_grad():
        model.W[0] = torch.arange(12.0).view(3, 4)
    snapshot = model.snapshot(data(grid={"density": [0.5]}))
    assert directions(snapshot) == [[k, 4.0 + k, 8.0 + k] for k in range(4)]
    assert metadata(snapshot)[1][:3] == [0, 1.0, 0.5]


def test_the_equation_names_what_differs() -> None:
    grid = {"activation": ["relu", "identity"]}
    world = data(grid=grid)
    model = ReLUOutputModel(4, world.grid, hidden=3)
    shown = equation(model.snapshot(world))
    assert shown == "x' = g(Wᵀ W x + b); g is ReLU or linear"
    world = data()
    absolute = AbsoluteValueModel(4, world.grid, hidden=3)
    assert equation(absolute.snapshot(world)) == "x' = ReLU(Vᵀ ReLU(W x) + b)"
