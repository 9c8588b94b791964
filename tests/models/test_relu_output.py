import pytest
import torch

from tests import _laws
from tests._run import data, fitted
from toysuper.errors import UserError
from toysuper.models import ReLUOutputModel


@pytest.mark.parametrize("law", [*_laws.ALL, _laws.tied_weights_are_one_parameter])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_laws(law, activation: str) -> None:
    law(ReLUOutputModel, activation=activation)


def test_each_instance_may_have_its_own_activation() -> None:
    both = fitted(data(grid={"activation": ["identity", "relu"]}))
    for i, name in enumerate(["identity", "relu"]):
        alone = fitted(data(grid={"activation": [name]}))
        assert torch.equal(both.W[i], alone.W[0])
    assert not torch.equal(both.W[0], both.W[1])


def test_answer_is_the_papers_formula() -> None:
    world = data()
    model = ReLUOutputModel(world.n, world.grid, hidden=2)
    x = torch.rand(1, 4, 7)
    expected = (model.W[0].T @ model.W[0] @ x[0] + model.b[0][:, None]).clamp(min=0)
    torch.testing.assert_close(model(x)[0], expected)


def test_unknown_activation_is_one_sentence() -> None:
    with pytest.raises(UserError, match=r"activation 'rellu'.*Did you mean 'relu'"):
        ReLUOutputModel(4, None, hidden=2, activation="rellu")


def test_without_bias_b_stays_zero() -> None:
    world = data(grid={"density": [1.0, 0.3]})
    free, bound = fitted(world), fitted(world, bias=False)
    assert free.b.abs().min() > 0 and torch.equal(bound.b, torch.zeros(2, 4))
    assert "b" not in dict(bound.named_parameters()) and not torch.equal(free.W, bound.W)
