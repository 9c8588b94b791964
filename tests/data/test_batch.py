"""Random numbers of a batch: a function of the step, equal on ranks and in a resumed run."""

from pathlib import Path

import pytest
import torch
from torch import nn

from tests import _laws
from tests._run import data, fitted, module, trainer
from toysuper.functional.noise import Purpose
from toysuper.models import ToyModel


class NoisyBottleneck(ToyModel):
    """Noise on the hidden layer while training, x' = ReLU(Wᵀ (W x + sigma noise) + b)."""

    def __init__(self, *args, sigma: float = 0.5, **kwargs):
        super().__init__(*args, **kwargs)
        self.sigma = self.per_instance("sigma", sigma)

    def forward(self, x, noise=0.0):
        h = self.W @ x + self.sigma * noise
        return torch.relu(self.W.mT @ h + self.b[..., None])

    def answer(self, batch):
        return self(batch.features, batch.normal(self.hidden))


@pytest.mark.parametrize("law", _laws.ALL)
def test_a_noisy_variant_obeys_the_laws(law) -> None:
    law(NoisyBottleneck)


def batch(step: int = 3, purpose: int = Purpose.TRAIN, **options):
    world = data(batch_size=4096, grid={"seed": [0, 1]})
    return world.world(**options)(step, purpose)


def test_numbers_are_normal_and_uniform() -> None:
    normal, uniform = batch().normal(3), batch().uniform(3)
    assert normal.shape == uniform.shape == (2, 3, 4096)
    assert abs(float(normal.mean())) < 0.03 and abs(float(normal.std()) - 1) < 0.03
    assert abs(float(uniform.mean()) - 0.5) < 0.01 and float(uniform.min()) >= 0
    flat = normal.flatten(0, 1)
    assert float((torch.corrcoef(flat) - torch.eye(6)).abs().max()) < 0.06


def test_they_belong_to_instance_step_and_purpose() -> None:
    first = batch().normal(2)
    assert torch.equal(first, batch().normal(2))
    for other in (batch(step=4), batch(purpose=Purpose.VAL)):
        assert not torch.equal(first, other.normal(2))
    assert not torch.equal(first[0], first[1])


def test_a_second_call_gives_other_numbers() -> None:
    one = batch()
    first, second, third = one.normal(2), one.normal(2), one.uniform(2)
    assert not torch.equal(first, second)
    assert float(torch.corrcoef(torch.stack([first.flatten(), second.flatten()]))[0, 1]) < 0.05
    assert third.shape == first.shape
    moved = one.with_features(one.features + 1)
    assert not torch.equal(moved.normal(2), batch().normal(2)), "other inputs, the same counter"


def test_ranks_draw_what_one_process_draws() -> None:
    whole = batch().normal(2)
    halves = [batch(rank=rank, ranks=2).normal(2) for rank in range(2)]
    assert torch.equal(torch.cat(halves, -1), whole)
    assert torch.equal(batch(instances=slice(1, 2)).normal(2), whole[1:])


def test_noise_acts_in_training_alone() -> None:
    world = data(grid={"sigma": [0.0, 0.5]})
    quiet, loud = fitted(world, model=NoisyBottleneck).W
    assert not torch.equal(quiet, loud)
    assert torch.equal(quiet, fitted(data(grid={"sigma": [0.0]}), model=NoisyBottleneck).W[0])
    model = NoisyBottleneck(4, world.grid, hidden=2)
    x = world.world()(0, Purpose.TRAIN)
    assert torch.equal(model(x.features), model(x.features))
    assert not torch.equal(model.answer(x)[1], model(x.features)[1])
    assert torch.equal(model.answer(x)[0], model(x.features)[0])


def test_resume_is_exact(tmp_path: Path) -> None:
    straight = fitted(data(), 25, NoisyBottleneck)
    first, world = trainer(14), data()
    first.fit(module(world, NoisyBottleneck), world)
    first.save_checkpoint(tmp_path / "x.ckpt")
    model = module(data(), NoisyBottleneck)
    trainer(25).fit(model, data(), ckpt_path=tmp_path / "x.ckpt", weights_only=True)
    assert torch.equal(model.variant.W, straight.W)


class Deep(ToyModel):
    """Two hidden layers: no linear decoder to speak of."""

    decoder = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.inner = self.weights("inner", 3, self.hidden)
        self.out = self.weights("out", self.n, 3)

    def forward(self, x):
        return self.out @ torch.relu(self.inner @ torch.relu(self.W @ x)) + self.b[..., None]


@pytest.mark.parametrize("law", _laws.ALL)
def test_a_deep_variant_obeys_the_laws(law) -> None:
    law(Deep)


def test_a_variant_is_a_module_that_a_plain_loop_trains() -> None:
    world = data()
    model = NoisyBottleneck(4, world.grid, hidden=2)
    assert isinstance(model, nn.Module)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    show = world.world()
    for step in range(20):
        x = show(step, Purpose.TRAIN)
        optimizer.zero_grad()
        (x.target - model.answer(x)).square().sum(1).mean(-1).sum().backward()
        optimizer.step()
    torch.testing.assert_close(model.W, fitted(world, model=NoisyBottleneck).W)
