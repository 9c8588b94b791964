import csv
from functools import partial
from pathlib import Path

import pytest
import torch
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from matplotlib.figure import Figure
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests._run import data, module, snapshot_of, trainer
from toysuper import claims, figures
from toysuper import metrics as measure
from toysuper.callbacks.figures import Figures
from toysuper.callbacks.hparams import HParams
from toysuper.callbacks.metrics import SnapshotMetrics
from toysuper.callbacks.projector import Projector
from toysuper.callbacks.record import Claims, Predictions
from toysuper.claims import Claim
from toysuper.functional.polytopes import polytopes
from toysuper.snapshot import Snapshot

GRID = {"density": [1.0, 0.2], "seed": [0, 1, 2]}


def census(snapshot: Snapshot) -> list[dict]:
    """A row for each polytope of each model."""
    return [
        {**coordinates, "polytope": part.name, "residual": part.residual}
        for coordinates, W in zip(snapshot.coordinates, snapshot.W, strict=True)
        for part in polytopes(W)
    ]


def run(folder: Path, grid: dict | list, *callbacks) -> EventAccumulator:
    world = data(grid=grid)
    logger = TensorBoardLogger(folder, name="", version="", default_hp_metric=False)
    model = module(world)
    trainer(20, logger=logger, callbacks=list(callbacks), log_every_n_steps=5).fit(model, world)
    events = EventAccumulator(str(folder), size_guidance={"histograms": 0, "images": 0})
    return events.Reload()


def read(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_small_ensembles_get_a_tag_per_instance(tmp_path: Path) -> None:
    events = run(tmp_path, GRID, SnapshotMetrics())
    tags = events.Tags()["scalars"]
    assert "represented/density=0.2,seed=1" in tags
    assert [e.step for e in events.Scalars("held_out_loss/density=1,seed=0")] == [10, 20]
    assert "superposition" in events.Tags()["histograms"]


def test_losses_are_logged_at_optimiser_steps(tmp_path: Path) -> None:
    events = run(tmp_path, GRID)
    assert [e.step for e in events.Scalars("train/loss")] == [5, 10, 15, 20]
    assert [e.step for e in events.Scalars("val/loss")] == [10, 20]


def test_larger_ensembles_get_a_mean_per_cell_and_quantiles(tmp_path: Path) -> None:
    grid = {"density": [1.0, 0.2], "activation": ["relu"], "seed": list(map(float, range(50)))}
    events = run(tmp_path, grid, SnapshotMetrics())
    ours = {t for t in events.Tags()["scalars"] if t.startswith("represented/")}
    cells = {f"density={p},relu" for p in ("1", "0.2")}
    assert ours == {f"represented/{t}" for t in cells | {"q0.1", "q0.5", "q0.9"}}


@pytest.mark.parametrize(("first", "means"), [(3, 3), (40, 0)])
def test_the_largest_get_a_mean_per_value_of_the_first_axis(tmp_path, first, means) -> None:
    """And never thousands of tags."""
    densities = [0.01 * (k + 1) for k in range(first)]
    grid = {"density": densities, "importance[0]": [float(k + 1) for k in range(40)]}
    tags = run(tmp_path, grid, SnapshotMetrics()).Tags()["scalars"]
    assert len([t for t in tags if t.startswith("represented/density=")]) == means
    assert len([t for t in tags if t.startswith("represented/q")]) == 3


def test_quantiles_and_means_are_those_of_the_ensemble() -> None:
    world = data(grid={"density": [1.0, 0.2], "seed": list(map(float, range(20)))})
    snapshot = snapshot_of(world, 2)
    values = torch.arange(40.0)
    scalars = SnapshotMetrics().scalars("x", values, snapshot)
    assert scalars["x/density=0.2"] == pytest.approx(29.5)
    assert scalars["x/q0.9"] == pytest.approx(35.1)


def test_figures_reach_tensorboard_and_disk(tmp_path: Path) -> None:
    events = run(tmp_path, GRID, Figures([figures.directions_2d], every=1))
    assert (tmp_path / "figures" / "directions_2d.png").read_bytes()[:4] == b"\x89PNG"
    assert [e.step for e in events.Images("directions_2d")] == [10, 20]


def test_instances_csv_has_a_row_per_instance(tmp_path: Path) -> None:
    run(tmp_path, GRID, SnapshotMetrics())
    rows = read(tmp_path / "instances.csv")
    assert [(r["density"], r["seed"]) for r in rows][:2] == [("1.0", "0"), ("1.0", "1")]
    assert len(rows) == 6 and all(float(row["held_out_loss"]) > 0 for row in rows)


def test_tables_of_their_own_are_written_beside_it(tmp_path: Path) -> None:
    run(tmp_path, GRID, SnapshotMetrics(tables=[census]))
    assert {"density", "polytope", "residual"} <= set(read(tmp_path / "census.csv")[0])


def test_coordinates_come_first_even_where_a_block_lacks_an_axis(tmp_path: Path) -> None:
    run(tmp_path, [{"density": [1.0]}, {"density": [0.5], "seed": [0, 1]}], SnapshotMetrics())
    rows = read(tmp_path / "instances.csv")
    assert list(rows[0])[:2] == ["density", "seed"]
    assert [row["seed"] for row in rows] == ["", "0", "1"]


def test_failing_claims_are_printed_and_stop_nothing(tmp_path: Path, capsys) -> None:
    def doomed(snapshot):
        return [Claim("DOOM", "all is well", "yes", "no", False)]

    run(tmp_path, GRID, Claims([doomed]))
    assert "DOOM" in (out := capsys.readouterr().out) and "FAILS" in out
    (row,) = read(tmp_path / "claims.csv")
    assert row["holds"] == "FAILS" and row["measured"] == "no"


def test_a_fault_in_one_function_costs_only_its_own_result(tmp_path: Path) -> None:
    def faulty(snapshot):
        return snapshot.no_such_thing

    watching = [
        SnapshotMetrics([faulty, measure.represented]),
        Figures([faulty, figures.directions_2d]),
        SnapshotMetrics([faulty, measure.represented]),
        Claims([faulty, claims.invariance]),
    ]
    with pytest.warns(UserWarning, match=r"faulty raised AttributeError.*test_callbacks.py, line"):
        events = run(tmp_path, GRID, *watching)
    assert "represented/density=1,seed=0" in events.Tags()["scalars"]
    names = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert names == ["directions_2d.png", "directions_2d.svg"]
    assert "represented" in read(tmp_path / "instances.csv")[0]
    assert read(tmp_path / "claims.csv")[0]["name"] == "INV"


def test_nothing_is_written_without_a_logger(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    world = data(grid=GRID)
    model = module(world)
    watching = [Figures([figures.directions_2d]), SnapshotMetrics(), Claims(), SnapshotMetrics()]
    trainer(10, callbacks=watching).fit(model, world)
    assert list(tmp_path.iterdir()) == []


def test_validate_and_test_are_ends_too(tmp_path: Path) -> None:
    world = data(grid=GRID)
    model = module(world)
    for verb in ("validate", "test"):
        logger = TensorBoardLogger(tmp_path, name=verb, version="", default_hp_metric=False)
        runner = trainer(1, logger=logger, callbacks=[SnapshotMetrics()])
        getattr(runner, verb)(model, world, verbose=False)
        assert (tmp_path / verb / "instances.csv").exists()


def test_predictions_hold_features_and_reconstructions(tmp_path: Path) -> None:
    world = data(grid=GRID)
    model = module(world)
    logger = TensorBoardLogger(tmp_path, name="", version="", default_hp_metric=False)
    runner = trainer(1, logger=logger, callbacks=[Predictions()])
    runner.predict(model, world, return_predictions=False)
    saved = torch.load(tmp_path / "predictions.pt", weights_only=True)
    assert saved["features"].shape == (6, 4, 64)
    torch.testing.assert_close(saved["reconstruction"], model(saved["features"]).detach())


def test_what_cannot_be_drawn_costs_its_own_figure_only(tmp_path: Path) -> None:
    def broken(snapshot):
        figure = Figure()
        figure.suptitle("$\\frac{$")
        return figure

    with pytest.warns(UserWarning, match="broken raised"):
        run(tmp_path, GRID, Figures([broken, figures.directions_2d], every=1), SnapshotMetrics())
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == [
        "directions_2d.png",
        "directions_2d.svg",
    ]
    assert (tmp_path / "instances.csv").exists()


def test_figures_look_the_same_with_any_logger(tmp_path: Path) -> None:
    run(tmp_path / "tensorboard", GRID, Figures([figures.gram]))
    world = data(grid=GRID)
    model = module(world)
    logger = CSVLogger(tmp_path, name="", version="csv")
    trainer(20, logger=logger, callbacks=[Figures([figures.gram])]).fit(model, world)
    one, other = (
        (tmp_path / name / "figures/gram.png").read_bytes() for name in ("tensorboard", "csv")
    )
    assert one == other


class Scaled:
    """A metric with an argument."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def __call__(self, snapshot: Snapshot) -> torch.Tensor:
        return self.factor * measure.held_out_loss(snapshot)


def test_what_a_config_measures_is_added_everywhere(tmp_path: Path) -> None:
    """Objects and partials, too; a second one of a name gets a number."""
    own = [Scaled(2.0), Scaled(3.0), partial(measure.norm)]
    tags = run(tmp_path, GRID, SnapshotMetrics(own)).Tags()
    (row, *_), names = read(tmp_path / "instances.csv"), ("Scaled", "Scaled_2")
    loss = float(row["held_out_loss"])
    assert float(row["Scaled"]) == pytest.approx(2 * loss, rel=1e-4)
    assert float(row["Scaled_2"]) == pytest.approx(3 * loss, rel=1e-4)
    assert {f.__name__ for f in measure.USUAL} | {*names, "norm"} <= {*row}
    assert all(f"{name}/density=1,seed=0" in tags["scalars"] for name in names)
    assert "norm" in tags["histograms"]


def test_figures_and_claims_may_be_objects(tmp_path: Path) -> None:
    class Draw:
        def __call__(self, snapshot):
            return figures.gram(snapshot)

    check = partial(claims.invariance)
    run(tmp_path, GRID, Figures([Draw(), partial(figures.gram)]), Claims([check]))
    pictures = {path.name for path in (tmp_path / "figures").iterdir()}
    assert {"Draw.png", "gram.png"} <= pictures
    assert read(tmp_path / "claims.csv")[0]["name"] == "INV"


@pytest.mark.parametrize("value", [torch.tensor(1.0), torch.ones(5), torch.ones(6, 2, 2)])
def test_a_metric_of_another_shape_costs_its_own_column(tmp_path: Path, value) -> None:
    def odd(snapshot):
        return value

    with pytest.warns(UserWarning, match=r"metric odd gave a tensor of shape .* 6 instances"):
        run(tmp_path, GRID, SnapshotMetrics([odd]))
    (row, *_) = read(tmp_path / "instances.csv")
    assert "odd" not in row and float(row["held_out_loss"]) > 0


def test_without_a_validation_nothing_is_lost_and_no_model_is_called_best(tmp_path: Path) -> None:
    world = data(grid=GRID)
    logger = TensorBoardLogger(tmp_path, name="", version="", default_hp_metric=False)
    watching = [SnapshotMetrics(), HParams(), Projector(), Figures([figures.directions_2d])]
    runner = trainer(10, logger=logger, callbacks=watching, limit_val_batches=0)
    with pytest.warns(UserWarning, match="needs held-out losses"):
        runner.fit(module(world), world)
    rows = read(tmp_path / "instances.csv")
    assert len(rows) == 6 and rows[0]["held_out_loss"] == "nan"
