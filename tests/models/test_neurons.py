"""Models whose hidden layer has neurons."""

import pytest
import torch

from tests import _laws
from tests._run import check, data, fitted, snapshot_of
from toysuper.errors import UserError
from toysuper.features import SparseUniform
from toysuper.models import (
    AbsoluteValueModel,
    ComputationModel,
    ReLUHiddenModel,
    ToyModel,
)

SIGNED = SparseUniform(signed=True)


@pytest.mark.parametrize("law", [*_laws.ALL, _laws.tied_weights_are_one_parameter])
@pytest.mark.parametrize("model", [ReLUHiddenModel])
def test_laws_of_tied_models(law, model) -> None:
    law(model)


@pytest.mark.parametrize("law", _laws.ALL)
@pytest.mark.parametrize("options", [{}, {"hidden_bias": True, "hidden_activation": "gelu"}])
def test_laws_of_untied_models(law, options: dict) -> None:
    law(ComputationModel, **options)


def test_answers_are_the_papers_formulas() -> None:
    x = torch.linspace(-1, 1, 28).view(1, 4, 7)
    hidden = ReLUHiddenModel(4, None, hidden=3)
    W, b = hidden.W[0], hidden.b[0][:, None]
    expected = (W.T @ (W @ x[0]).clamp(min=0) + b).clamp(min=0)
    torch.testing.assert_close(hidden(x)[0], expected)
    absolute = AbsoluteValueModel(4, None, hidden=6)
    h = (absolute.W[0] @ x[0]).clamp(min=0)
    torch.testing.assert_close(absolute(x)[0], (absolute.V[0].T @ h + b).clamp(min=0))


def test_without_the_hidden_relu_it_is_the_relu_output_model() -> None:
    both = fitted(data(grid={"hidden_activation": ["identity", "relu"]}), model=ReLUHiddenModel)
    both.W.data[:] = torch.linspace(-1, 1, 8).view(2, 4)
    plain = both.W[0].T @ both.W[0] @ torch.eye(4) + both.b[0][:, None]
    linear, neurons = both(torch.eye(4).expand(2, 4, 4))
    torch.testing.assert_close(linear, plain.clamp(min=0))
    assert float((neurons - linear).detach().abs().max()) > 0.1


def test_a_computation_has_the_answers_of_the_absolute_value_model() -> None:
    world = data(task="abs", features=SIGNED)
    special = fitted(world, model=AbsoluteValueModel, hidden=6)
    general = fitted(world, model=ComputationModel, hidden=6)
    assert torch.equal(special.W, general.W) and torch.equal(special.V, general.V)


def test_a_hidden_bias_is_trained_and_in_the_snapshot() -> None:
    world = data(task="pair_and")
    model = fitted(world, model=ComputationModel, hidden=6, hidden_bias=True)
    snapshot = model.snapshot(world)
    assert bool(snapshot.hidden_bias.any()) and torch.equal(snapshot.hidden_bias, model.c)
    assert not snapshot_of(world, model=ComputationModel, hidden=6).hidden_bias.any()


def test_an_exact_solution_of_a_pair_task_is_in_reach() -> None:
    """max(a, b) = a + ReLU(b - a) with two neurons a pair."""
    world = data(n=3, task="pair_max")
    model = ComputationModel(3, world.grid, hidden=6)
    ring = torch.eye(3)
    model.W.data[0] = torch.cat([ring, ring.roll(1, 1) - ring])
    model.V.data[0] = torch.cat([ring, ring])
    batch = world.world()(0, 1)
    torch.testing.assert_close(model(batch.features), batch.target)


def test_absolute_values_need_signed_features_and_their_task() -> None:
    with pytest.raises(UserError, match="needs signed features"):
        check(AbsoluteValueModel(4, data().grid, hidden=6), data(task="abs"))
    wrong = data(task="square", features=SIGNED)
    with pytest.raises(UserError, match=r"task is 'square'; .*ComputationModel"):
        check(AbsoluteValueModel(4, wrong.grid, hidden=6), wrong)


@pytest.mark.parametrize("model", [ReLUHiddenModel, ComputationModel])
def test_signed_targets_need_an_output_that_reaches_them(model) -> None:
    world = data(features=SIGNED)
    with pytest.raises(UserError, match=r"targets down to -1, but the output of \w+ is relu"):
        check(model(4, world.grid, hidden=2), world)
    positive = data(features=SIGNED, task="square")
    check(model(4, positive.grid, hidden=2), positive)


def test_a_linear_output_reaches_signed_targets() -> None:
    world = data(features=SIGNED, grid={"activation": ["identity", "gelu"]})
    check(ComputationModel(4, world.grid, hidden=2), world)


@pytest.mark.parametrize("name", ["activation", "hidden_activation"])
def test_unknown_functions_are_one_sentence(name: str) -> None:
    with pytest.raises(UserError, match=rf"^{name} 'reluu' is not .*Did you mean 'relu'"):
        ComputationModel(4, None, hidden=2, **{name: "reluu"})


def test_instances_may_have_fewer_hidden_dimensions() -> None:
    world = data(grid={"hidden": [1, 3]})
    model = fitted(world, model=ReLUHiddenModel, hidden=3)
    assert (model.W[0] != 0).any(-1).tolist() == [True, False, False]
    assert (model.W[1] != 0).any(-1).all()
    narrow = fitted(data(grid={"hidden": [1]}), model=ReLUHiddenModel, hidden=1)
    torch.testing.assert_close(model.W[0, :1], narrow.W[0])


def test_hidden_units_that_answer_zero_cannot_be_fewer() -> None:
    world = data(grid={"hidden": [1, 3]})
    loud = ComputationModel(4, world.grid, hidden=3, hidden_activation="sigmoid")
    with pytest.raises(UserError, match=r"axis 'hidden' needs .* unlike 'sigmoid'"):
        check(loud, world)


def test_weights_of_other_rows_are_whole() -> None:
    model = ReLUHiddenModel(4, {"hidden": [1, 2]}, hidden=2)
    assert bool((model.weights("more", 4, 2) != 0).all())
    assert not bool((model.weights("again", 2, 4) != 0).all())


def test_weights_of_one_name_are_made_once() -> None:
    model = ReLUHiddenModel(4, None, hidden=2)
    assert not torch.equal(model.weights("V", 2, 4), model.W)
    for name in ("V", "W"):
        with pytest.raises(UserError, match=f"makes the weights '{name}' twice"):
            model.weights(name, 2, 4)


def test_targets_of_different_features_are_seen() -> None:
    """Where all features are alike this task gives 0."""
    world = data(task=f"{__name__}.difference")
    with pytest.raises(UserError, match=r"targets down to -.*; use a task such as abs"):
        check(ComputationModel(4, world.grid, hidden=2), world)


def difference(x: torch.Tensor) -> torch.Tensor:
    return x - x.roll(1, -2)


def test_targets_are_finite() -> None:
    world = data(task="log")
    with pytest.raises(UserError, match="task 'log' gives targets that are not finite"):
        check(ComputationModel(4, world.grid, hidden=2, activation="identity"), world)


def test_an_unfinished_model_is_one_sentence() -> None:
    class Wordy(ReLUHiddenModel):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.activation = "relu"

    world = data()
    with pytest.raises(UserError, match=r"Wordy\.activation is 'relu'; give a tuple"):
        check(Wordy(4, world.grid, hidden=2), world)


def test_an_encoder_of_another_name_needs_no_W_and_one_of_other_rows_no_axis() -> None:
    class Named(ToyModel):
        encoder = property(lambda self: self.A)

        def __init__(self, *args, rows, **kwargs):
            super().__init__(*args, **kwargs)
            self.W = None
            self.A = self.weights("A", rows, self.n)

        def forward(self, x):
            return torch.relu(self.A.mT @ (self.A @ x) + self.b[..., None])

    world = data(grid={"hidden": [1, 2]})
    check(Named(4, world.grid, hidden=2, rows=2), world)
    with pytest.raises(UserError, match="axis 'hidden' needs Named to have"):
        check(Named(4, world.grid, hidden=2, rows=3), world)


@pytest.mark.parametrize("widths", [[0], [4], [1.5], ["all"]])
def test_a_bad_number_of_hidden_dimensions_is_one_sentence(widths: list) -> None:
    with pytest.raises(
        UserError, match=r"'hidden' holds .* whole numbers from 1 to model\.variant\.hidden"
    ):
        ReLUHiddenModel(4, {"hidden": widths}, hidden=3)
