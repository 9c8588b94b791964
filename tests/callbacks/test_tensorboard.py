"""Every page of TensorBoard has something to show."""

import csv
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
from toysuper.callbacks.front_page import CHARTS, layout
from toysuper.callbacks.projector import directions, metadata
from toysuper.models import AbsoluteValueModel, ReLUOutputModel

CONFIG = """
model: {variant: {class_path: ReLUOutputModel, init_args: {hidden: 2}}, jit: false}
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
    (final,) = found.Scalars("final/held_out_loss")
    rows = csv.DictReader((run / "instances.csv").read_text().splitlines())
    losses = [float(row["held_out_loss"]) for row in rows if row["density"] == "0.2"]
    assert final.value == pytest.approx(min(losses), rel=1e-4) and final.step == 20


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


def test_a_large_grid_has_quantiles_on_its_front_page() -> None:
    front = layout([])
    assert list(front) == ["Front page"]
    for _, patterns in front["Front page"].values():
        assert re.match(patterns[0], patterns[0].split("/")[0] + "/q0.5")


def test_without_linear_optima_no_chart_compares_with_them() -> None:
    assert list(layout(["density=1"], optima=False)) == ["Front page"]


def fit(folder: Path, *args: str, grid: str) -> Path:
    (folder / "small.yaml").write_text(CONFIG)
    result = toysuper("fit", "--config", "small.yaml", f"--data.grid={grid}", *args, cwd=folder)
    assert result.returncode == 0 and "Warning" not in result.stderr, result.stderr
    return folder / "runs/small/0"


def test_models_of_fewer_dimensions_have_no_mesh(tmp_path: Path) -> None:
    left = fit(tmp_path, "--model.variant.hidden=3", grid="{hidden: [2, 3]}")
    tags = events(left).Tags()["tensors"]
    assert any("polyhedron hidden=3" in tag for tag in tags)
    assert not any("polyhedron hidden=2" in tag for tag in tags)


def test_places_with_long_names_have_runs_too(tmp_path: Path) -> None:
    axes = ", ".join(f'"importance[{k}]": [0.12345]' for k in range(13))
    left = fit(tmp_path, "--data.n=16", grid=f"{{{axes}, seed: [0, 1]}}")
    (name,) = (path.name for path in (left / "models").iterdir())
    assert name.startswith("00 importance[0]=0.12345,") and (left / "claims.csv").is_file()


def test_one_model_is_one_model(tmp_path: Path) -> None:
    left = fit(
        tmp_path, "--hparams.max_models=1", "--projector.max_models=1", grid="{density: [0.5, 0.1]}"
    )
    assert len(list((left / "models").iterdir())) == 1
    assert len(list((left / "projector").iterdir())) == 2, "directions and metadata"
