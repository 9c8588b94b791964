import torch

from toysuper.functional import theory
from toysuper.functional.noise import bits
from toysuper.functional.sampling import sparse_uniform


def by_trapezoid(function, steps: int = 20001) -> torch.Tensor:
    x = torch.linspace(0, 1, steps)
    return torch.trapezoid(function(x), x)


def test_integrals_equal_numeric_ones() -> None:
    slopes = [-2.0, -0.7, -1e-9, 0.0, 1e-9, 0.3, 1.0, 1.7]
    for a in slopes:
        for b in (-1.2, -0.4, 0.0, 0.3, 0.9):
            pair = torch.tensor(a), torch.tensor(b)
            square = by_trapezoid(lambda x, a=a, b=b: torch.relu(a * x + b) ** 2)
            error = by_trapezoid(lambda x, a=a, b=b: (x - torch.relu(a * x + b)) ** 2)
            torch.testing.assert_close(
                theory.integral_relu_squared(*pair), square, atol=1e-7, rtol=0
            )
            torch.testing.assert_close(theory.integral_relu_error(*pair), error, atol=1e-7, rtol=0)


def test_integral_equals_the_papers_cubes() -> None:
    a, b = torch.tensor([0.7, -0.9, 2.0]), torch.tensor([-0.2, 0.5, 0.1])
    cubes = (torch.relu(a + b) ** 3 - torch.relu(b) ** 3) / (3 * a)
    torch.testing.assert_close(theory.integral_relu_squared(a, b), cubes)


def test_linear_loss_equals_sampling() -> None:
    generator = torch.Generator().manual_seed(0)
    W, b = torch.randn(1, 2, 4, generator=generator), torch.randn(1, 4, generator=generator)
    importance, density = torch.tensor([[1.0, 0.5, 2, 1]]), torch.tensor([[0.9, 0.4, 0.1, 1.0]])
    keys = torch.tensor([[1, 2]], dtype=torch.int32)
    x = sparse_uniform(bits(keys, 0, 1, 4, 1 << 18), density)
    error = importance[..., None] * (x - W.mT @ (W @ x) - b[..., None]) ** 2
    exact = theory.linear_loss(W, b, importance, density)
    torch.testing.assert_close(error.sum(1).mean(-1), exact, rtol=0.01, atol=0)


def test_no_linear_model_is_better_than_the_projection() -> None:
    importance, density = torch.tensor([[1.0, 0.7, 0.49]]), torch.tensor([[0.3, 0.3, 0.3]])
    optimum = theory.linear_optimum_loss(importance, density, hidden=2)
    W = torch.eye(3)[:2][None]
    best = theory.linear_loss(W, torch.tensor([[0, 0, 0.15]]), importance, density)
    torch.testing.assert_close(best, optimum)
    generator = torch.Generator().manual_seed(0)
    for _ in range(50):
        noise = 0.2 * torch.randn(1, 2, 3, generator=generator)
        bias = torch.randn(1, 3, generator=generator)
        assert theory.linear_loss(W + noise, bias, importance, density) > optimum
