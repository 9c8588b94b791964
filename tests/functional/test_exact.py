import torch

from toysuper.functional.exact import exact_loss
from toysuper.functional.theory import linear_loss

f64 = torch.float64


def test_where_no_relu_bends_it_is_the_linear_models_loss() -> None:
    """Positive weights and biases keep every pre-activation positive."""
    W = torch.rand(5, 2, 3, dtype=f64)
    bias, density, importance = torch.rand(3, 5, 3, dtype=f64)
    exact = exact_loss(W, bias, density, importance, nodes=4)
    torch.testing.assert_close(exact, linear_loss(W, bias, importance, density))


def test_it_agrees_with_many_samples() -> None:
    generator = torch.Generator().manual_seed(0)
    W = torch.randn(1, 2, 3, dtype=f64, generator=generator)
    bias = 0.3 * torch.randn(1, 3, dtype=f64, generator=generator)
    density = torch.tensor([[0.9, 0.5, 0.2]], dtype=f64)
    x = torch.rand(3, 400_000, dtype=f64, generator=generator)
    x = x * (torch.rand(3, 400_000, dtype=f64, generator=generator) < density[0][:, None])
    error = (x - torch.relu(W[0].T @ (W[0] @ x) + bias[0][:, None])).square().sum(0)
    exact = exact_loss(W, bias, density, torch.ones(1, 3, dtype=f64))
    assert abs(float(exact - error.mean())) < 4 * float(error.std()) / 400_000**0.5
