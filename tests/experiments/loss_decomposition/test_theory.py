import math

import torch

from toysuper.experiments.loss_decomposition.theory import decompose, none_active, one_active
from toysuper.functional.noise import bits
from toysuper.functional.sampling import sparse_uniform


def test_parts_add_up_to_the_sampled_loss() -> None:
    generator = torch.Generator().manual_seed(0)
    W, b = torch.randn(2, 2, 4, generator=generator), 0.3 * torch.randn(2, 4, generator=generator)
    importance, density = torch.tensor([[1.0, 0.5, 0.3, 0.2]] * 2), torch.tensor([0.5, 0.1])
    keys = torch.tensor([[1, 2], [3, 4]], dtype=torch.int32)
    x = sparse_uniform(bits(keys, 0, 1, 4, 1 << 19), density[:, None].expand(2, 4))
    error = x - torch.relu(W.mT @ (W @ x) + b[..., None])
    sampled = (importance[..., None] * error**2).sum(1).mean(-1)
    total = decompose(W, b, importance, density, samples=1 << 17).total
    torch.testing.assert_close(total, sampled, rtol=0.01, atol=0)


def test_many_features_need_no_large_numbers() -> None:
    W = torch.randn(1, 20, 400, generator=torch.Generator().manual_seed(0)) / 20
    zero, one = torch.zeros(1, 400), torch.ones(1, 400)
    parts = decompose(W, zero, one, torch.tensor([0.01]), samples=64)
    assert parts.total.isfinite().all() and (parts.total > 0).all()


def test_one_active_equals_the_integral_over_its_value() -> None:
    angle = torch.arange(5) * 2 * math.pi / 5
    W = 1.1 * torch.stack([angle.cos(), angle.sin()])[None]
    b, importance = torch.full((1, 5), -0.2), torch.linspace(1, 0.5, 5)[None]
    benefit, interference = one_active(W, b, importance)
    values = torch.linspace(0, 1, 20001)
    for i in range(5):
        x = torch.zeros(5, len(values))
        x[i] = values
        error = importance[0][:, None] * (x - torch.relu(W[0].T @ W[0] @ x + b[0][:, None])) ** 2
        parts = torch.trapezoid(error, values)
        torch.testing.assert_close(benefit[0, i], parts[i], atol=1e-7, rtol=0)
        torch.testing.assert_close(interference[0, i], parts.sum() - parts[i], atol=1e-7, rtol=0)


def test_negative_interference_is_free_and_positive_is_not() -> None:
    for sign, free in ((-1.0, True), (1.0, False)):
        W = torch.tensor([[[1.0, sign]]])
        _, interference = one_active(W, torch.zeros(1, 2), torch.ones(1, 2))
        assert bool((interference == 0).all()) == free


def test_none_active_counts_positive_biases_only() -> None:
    loss = none_active(torch.tensor([[0.5, -0.5]]), torch.tensor([[2.0, 1.0]]))
    torch.testing.assert_close(loss, torch.tensor([0.5]))
