import pytest
import torch

from tests import _laws
from tests._run import data, fitted
from toysuper.data.schedules import Cosine
from toysuper.functional.geometry import norms
from toysuper.functional.theory import linear_loss, linear_optimum_loss
from toysuper.models import LinearModel


@pytest.mark.parametrize("law", [*_laws.ALL, _laws.tied_weights_are_one_parameter])
def test_laws(law) -> None:
    law(LinearModel)


def test_it_stores_the_two_most_important_of_four_and_reaches_the_floor() -> None:
    world = data(importance=[1.0, 0.5, 0.25, 0.125], batch_size=128, epoch=400)
    options = {"optimizer": lambda p: torch.optim.Adam(p, lr=0.05), "schedule": Cosine()}
    model = fitted(world, 400, LinearModel, **options)
    torch.testing.assert_close(
        norms(model.W)[0].detach(), torch.tensor([1.0, 1, 0, 0]), atol=0.02, rtol=0
    )
    sizes = world.importance, world.density
    loss = linear_loss(model.W.detach(), model.b.detach(), *sizes)
    assert 1 <= float(loss / linear_optimum_loss(*sizes, hidden=2)) < 1.01
