"""What a compiled step would not repeat is refused before training."""

from typing import Any

import pytest
import torch
from lightning.pytorch import Callback

from tests._run import check, data, fitted, module, trainer
from toysuper.errors import UserError
from toysuper.features import SparseUniform
from toysuper.models import ReLUOutputModel
from toysuper.objectives import ExpectedLoss


class Counting(ExpectedLoss):
    k = 0

    def forward(self, model: Any, batch: Any) -> torch.Tensor:
        self.k += 1
        return super().forward(model, batch) * self.k


class Logging(ExpectedLoss):
    def forward(self, model: Any, batch: Any) -> torch.Tensor:
        self.log("loss", 1.0)
        return super().forward(model, batch)


class Noisy(ReLUOutputModel):
    def answer(self, batch: Any) -> torch.Tensor:
        return self(batch.features + torch.randn_like(batch.features))


class Remembering(ReLUOutputModel):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.register_buffer("seen", torch.zeros(1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.get_buffer("seen").add_(1)
        return super().forward(x)


class Listing(ReLUOutputModel):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.norms: list[float] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.norms.append(float(self.W.norm()))
        return super().forward(x)


class Hooked(ReLUOutputModel):
    def on_train_batch_start(self, *_: Any) -> None: ...


class Restless(SparseUniform):
    def sample(self, draw: Any, density: torch.Tensor) -> torch.Tensor:
        x = super().sample(draw, density)
        return x * torch.rand_like(x)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"objective": Counting()}, r"Counting\.k changes while a step .* give a number"),
        (
            {"objective": Logging()},
            r"Logging raised .*'log' \(.*test_step_checks\.py, line",
        ),
        ({"model": Noisy}, r"Noisy gives other numbers .* take random numbers from batch\.normal"),
        ({"model": Remembering}, r"Remembering\.seen changes while a step"),
        ({"model": Listing}, r"Listing\.norms changes while a step"),
        ({"model": Hooked}, r"Hooked\.on_train_batch_start would never be called"),
    ],
)
def test_one_sentence(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        fitted(data(), 5, **options)


def test_what_compiled_gradients_would_not_do_is_refused() -> None:
    hooked, parametrized = (module(data()).variant for _ in range(2))
    hooked.register_full_backward_hook(lambda *_: None)
    with pytest.raises(UserError, match="ReLUOutputModel has a backward hook"):
        check(hooked, data())
    torch.nn.utils.parametrize.register_parametrization(parametrized, "W", torch.nn.Identity())
    with pytest.raises(UserError, match=r"is parametrized by torch\.nn\.utils; compute"):
        check(parametrized, data())


def test_a_distribution_draws_from_its_argument_alone() -> None:
    with pytest.raises(UserError, match=r"Restless gives other numbers .*from draw alone"):
        fitted(data(features=Restless()), 5)


class Priced(ExpectedLoss):
    price = 0.0

    def forward(self, model: Any, batch: Any) -> torch.Tensor:
        return super().forward(model, batch) + self.price * model.W.square().sum((1, 2))


class Rising(Callback):
    def on_train_batch_start(self, trainer: Any, module: Any, *_: Any) -> None:
        module.objective.price = 1e-3 * trainer.global_step


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the compiler's own
def test_a_number_that_a_hook_changes_is_read_at_every_step() -> None:
    """After some graphs the step is no longer compiled, and says so."""

    def train(jit: bool) -> torch.Tensor:
        world = data()
        model = module(world, objective=Priced(), jit=jit)
        with pytest.warns(UserWarning) as said:
            trainer(30, callbacks=[Rising()]).fit(model, world)
        assert jit == any("changes again and again" in str(w.message) for w in said)
        return model.variant.W

    torch.testing.assert_close(train(True), train(False), rtol=1e-12, atol=1e-14)


class Mean(ExpectedLoss):
    def forward(self, model: Any, batch: Any) -> torch.Tensor:
        return super().forward(model, batch).mean()


class Detached(ExpectedLoss):
    def forward(self, model: Any, batch: Any) -> torch.Tensor:
        return super().forward(model, batch).detach()


class Neighbours(ExpectedLoss):
    def forward(self, model: Any, batch: Any) -> torch.Tensor:
        return super().forward(model, batch) + model.W.flip(0).square().sum((1, 2))


class Mixing(ReLUOutputModel):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) + x.mean(0, keepdim=True) * self.W.sum()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"objective": Mean()}, r"Mean gives a tensor of shape \(\); .* each of the 2 instances"),
        ({"objective": Detached()}, "Detached gives numbers without gradients"),
        ({"objective": Neighbours()}, "Neighbours of ReLUOutputModel couples the instances"),
        ({"model": Mixing}, "ExpectedLoss of Mixing couples the instances"),
    ],
)
def test_a_loss_is_a_number_of_each_instance_alone(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        fitted(data(grid={"seed": [0, 1]}), 5, **options)
