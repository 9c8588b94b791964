import torch

from tests._run import data, fitted, snapshot_of
from toysuper import metrics
from toysuper.functional.noise import Purpose
from toysuper.metrics import FeatureLoss, FiringRate

GRID = {"density": [1.0, 0.2]}


def test_streams_equal_one_big_batch() -> None:
    world = data(grid=GRID, importance=[1.0, 0.5, 0.2, 0.1])
    model = fitted(world, 5)
    show = world.world()
    loss, rate = FeatureLoss(), FiringRate()
    batches = [show(k, Purpose.TEST) for k in range(3)]
    for batch in batches:
        loss.update(loss.of(model(batch.features), batch))
        rate.update(rate.of(model(batch.features), batch))
    x = torch.cat([batch.features for batch in batches], -1)
    slow = show.importance * (x - model(x)).square().mean(-1)
    torch.testing.assert_close(loss.compute(), slow)
    torch.testing.assert_close(rate.compute(), (model(x) > 0).double().mean(-1))


def test_a_zero_model_does_not_pass() -> None:
    batch = data(grid=GRID).world()(0, Purpose.TEST)
    loss, rate = FeatureLoss(), FiringRate()
    for metric in (loss, rate):
        metric.update(metric.of(torch.zeros_like(batch.features), batch))
    assert (loss.compute() > 0).all() and (rate.compute() == 0).all()


def test_reset_forgets() -> None:
    batch = data().world()(0, Purpose.TEST)
    loss = FeatureLoss()
    loss.update(loss.of(batch.features + 1, batch))
    loss.reset()
    loss.update(loss.of(batch.features, batch))
    torch.testing.assert_close(loss.compute(), torch.zeros(1, 4))


def test_every_snapshot_metric_has_a_value_per_instance_or_per_feature() -> None:
    world = data(grid=GRID)
    snapshot = snapshot_of(world, 5)
    functions = [getattr(metrics, name) for name in metrics.__all__ if name[0].islower()]
    assert len(functions) == 22
    for function in {*functions} - {metrics.objective, metrics.has_neurons}:
        values = function(snapshot)
        per_neuron = function.__name__.startswith("p")
        assert values.shape in ((2,), (2, 2) if per_neuron else (2, 4)), function.__name__
        assert values.isfinite().all(), function.__name__


def test_paper_and_notebook_superposition() -> None:
    world = data(grid=GRID)
    snapshot = snapshot_of(world, 5)
    torch.testing.assert_close(
        metrics.superposition_root(snapshot) ** 2, metrics.superposition(snapshot)
    )
