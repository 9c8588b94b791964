"""The contestants: each makes a function ``run(steps)`` that trains on."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset

from tests.benchmarks.cases import Case
from toysuper.engine import Gradients
from toysuper.models import AbsoluteValueModel, ReLUHiddenModel
from toysuper.objectives import ExpectedLoss
from toysuper.training.module import adamw

Run = Callable[[int], Any]


class Notebook(nn.Module):
    """The authors' notebook, written anew: (batch, instance, feature), two draws, two einsums."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        inst, n, m = case.instances, case.n, case.hidden
        self.case = case
        self.W = nn.Parameter(nn.init.xavier_normal_(torch.empty(inst, n, m)))
        self.b = nn.Parameter(torch.zeros(inst, n))
        if case.model is AbsoluteValueModel:
            self.V = nn.Parameter(nn.init.xavier_normal_(torch.empty(inst, m, n)))
        self.register_buffer("density", torch.tensor(case.density, dtype=torch.float32)[:, None])
        self.register_buffer("importance", torch.tensor(case.importance))

    def batch(self) -> Tensor:
        shape = (self.case.batch, self.case.instances, self.case.n)
        device = self.b.device
        value = torch.rand(shape, device=device)
        value = 2 * value - 1 if self.case.signed else value
        active = torch.rand(shape, device=device) <= self.density
        return torch.where(active, value, torch.zeros((), device=device))

    def forward(self, x: Tensor) -> Tensor:
        h = torch.einsum("...if,ifh->...ih", x, self.W)
        if self.case.model in (AbsoluteValueModel, ReLUHiddenModel):
            h = torch.relu(h)
        if self.case.model is AbsoluteValueModel:
            return torch.relu(torch.einsum("...ih,ihf->...if", h, self.V) + self.b)
        return torch.relu(torch.einsum("...ih,ifh->...if", h, self.W) + self.b)

    def loss(self) -> Tensor:
        x = self.batch()
        error = self.importance * (x.abs() - self(x)) ** 2
        return error.mean((0, 2)).sum()


def notebook(case: Case, device: str) -> Run:
    model = Notebook(case).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)

    def run(steps: int) -> None:
        for _ in range(steps):
            optimizer.zero_grad(set_to_none=True)
            model.loss().backward()
            optimizer.step()

    return run


def bare(case: Case, device: str) -> Run:
    """The compiled step and AdamW, without Lightning."""
    data = case.data()
    model = case.model(case.n, data.grid, case.hidden).to(device)
    engine, optimizer = (
        Gradients(model, ExpectedLoss(), data.world().to(device)),
        adamw(model.parameters()),
    )

    @torch.no_grad()
    def run(steps: int) -> Gradients:
        at = torch.tensor(0, device=device)
        for _, (*gradients, _) in zip(range(steps), engine.steps(at), strict=False):
            engine.assign(gradients)
            optimizer.step()
            at += 1
        return engine

    return run


class Steps(IterableDataset):
    """As many empty batches as steps are wanted."""

    def __iter__(self) -> Iterator[int]:
        return iter(range(1 << 62))


class PlainLightning(LightningModule):
    """The notebook's model as most people would write it."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.model = Notebook(case)

    def training_step(self, _: Any, __: int) -> Tensor:
        loss = self.model.loss()
        self.log("train/loss", loss, prog_bar=True)
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parameters(), lr=1e-3)


def plain_lightning(case: Case, device: str) -> Run:
    """A default trainer, one optimiser step a batch."""
    module = PlainLightning(case)

    def run(steps: int) -> None:
        trainer = Trainer(
            max_steps=steps, accelerator=device, devices=1, enable_model_summary=False
        )
        trainer.fit(module, DataLoader(Steps(), batch_size=None))

    return run


OPPONENTS = {"notebook": notebook, "plain lightning": plain_lightning, "bare step": bare}
