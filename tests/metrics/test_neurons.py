"""Metrics of neurons, of matrices that can be read by eye."""

import pytest
import torch

from tests._run import data, snapshot_of
from tests._snapshots import replace, with_forward
from tests.metrics._models import W, tied
from toysuper.features import SparseUniform
from toysuper.metrics import neurons
from toysuper.models import AbsoluteValueModel, ReLUHiddenModel
from toysuper.snapshot import Snapshot


def computing(seeds: int = 3) -> Snapshot:
    world = data(
        n=4, task="abs", features=SparseUniform(signed=True), grid={"seed": list(range(seeds))}
    )
    return snapshot_of(world, 20, model=AbsoluteValueModel, hidden=6)


def test_active_weights() -> None:
    snapshot = tied()
    assert neurons.features_per_neuron(snapshot)[0].tolist() == [1, 3, 3, 0]
    assert neurons.monosemantic(snapshot).item() == 1
    assert neurons.polysemantic(snapshot).item() == 2
    assert neurons.monosemantic_fraction(snapshot).item() == pytest.approx(1 / 3)


def test_effective_numbers_of_one_and_of_k_equal_features() -> None:
    flat = torch.tensor([[0.0, 1, 0, 0], [1, 1, 0, 0], [0.5, -0.5, 0.5, -0.5], [0, 0, 0, 0]])
    size = neurons.participation_ratio(tied(flat))[0]
    torch.testing.assert_close(size, torch.tensor([1.0, 2, 4, 0]))
    entropy = neurons.polysemanticity_entropy(tied(flat))[0]
    torch.testing.assert_close(entropy.exp(), torch.tensor([1.0, 2, 4, 1]))
    mean = neurons.mean_entropy(tied(flat)).item()
    assert mean == pytest.approx(float(entropy[:3].mean()))


def test_scaling_a_neuron_changes_no_measure() -> None:
    snapshot = computing()
    scale = torch.tensor([1e-4, 1, 1e4, 3, 0.1, 1])[:, None]
    scaled = replace(snapshot, encoder=snapshot.encoder * scale, decoder=snapshot.decoder / scale)
    for measure in (
        neurons.features_per_neuron,
        neurons.participation_ratio,
        neurons.polysemanticity_entropy,
        neurons.second_weight,
    ):
        torch.testing.assert_close(measure(scaled), measure(snapshot))


def test_second_weights() -> None:
    expected = torch.tensor([0.1, 0.8 / 0.9, 1, 0], dtype=torch.float64)
    torch.testing.assert_close(neurons.second_weight(tied())[0], expected)


def test_other_neurons_than_relu_keep_their_scale() -> None:
    snapshot = replace(computing(1), hidden_activation=("gelu",))
    x = torch.linspace(-1, 1, 36).view(1, 4, 9)
    torch.testing.assert_close(
        with_forward(neurons.normalise_neurons(snapshot)).forward(x), snapshot.forward(x)
    )


def test_a_model_of_zeros_has_no_neurons() -> None:
    dead = tied(torch.zeros(4, 4))
    assert neurons.monosemantic_fraction(dead).item() == 0
    assert neurons.mean_entropy(dead).item() == 0


def test_normalising_changes_no_answer_and_no_verdict() -> None:
    snapshot = computing()
    scaled = neurons.normalise_neurons(snapshot)
    torch.testing.assert_close(scaled.encoder.abs().amax(-1), torch.ones(3, 6))
    x = torch.linspace(-1, 1, 36).view(1, 4, 9)
    torch.testing.assert_close(with_forward(scaled).forward(x), snapshot.forward(x))
    for count in (neurons.features_per_neuron, neurons.participation_ratio, neurons.alive):
        torch.testing.assert_close(count(scaled), count(snapshot))


def test_normalising_takes_dead_neurons_away_and_leaves_tied_weights_alone() -> None:
    snapshot = computing(1)
    decoder = snapshot.decoder.clone()
    decoder[:, 2] = 0
    scaled = neurons.normalise_neurons(replace(snapshot, decoder=decoder))
    assert not scaled.encoder[:, 2].any() and not scaled.decoder[:, 2].any()
    assert torch.equal(neurons.normalise_neurons(tied()).W[0], W)


def test_sorting_permutes_neurons_by_their_main_feature() -> None:
    shuffled = tied(W[[3, 2, 0, 1]])
    assert torch.equal(neurons.sort_neurons(shuffled).W[0], W[[2, 1, 0, 3]])  # 0 (twice), 1, dead
    x = torch.linspace(-1, 1, 20).view(1, 4, 5)
    torch.testing.assert_close(
        with_forward(neurons.sort_neurons(shuffled)).forward(x), shuffled.forward(x)
    )
    pair = torch.tensor([[0.0, -1, 0, 0], [0.0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0]])
    assert torch.equal(neurons.sort_neurons(tied(pair)).W[0], pair[[2, 1, 0, 3]])


def test_with_neurons_leaves_linear_layers_out() -> None:
    world = data(grid={"hidden_activation": ["identity", "relu"]})
    both = snapshot_of(world, 1, model=ReLUHiddenModel)
    assert neurons.with_neurons(both).hidden_activation == ("relu",)
    assert len(neurons.with_neurons(both.pick([0]))) == 1
