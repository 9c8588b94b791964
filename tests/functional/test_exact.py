import torch

from toysuper.experiments.phase_change.claims import CONTOUR
from toysuper.experiments.phase_change.theory import (
    antipodal_bias,
    antipodal_loss,
    prototype_losses,
)
from toysuper.functional.exact import exact_loss, free_optimum
from toysuper.functional.theory import linear_loss

f64 = torch.float64


def test_positive_pre_activations_give_the_loss_of_the_linear_model() -> None:
    """All weights and biases are positive, so the ReLU changes nothing."""
    W = torch.rand(5, 2, 3, dtype=f64)
    bias, density, importance = torch.rand(3, 5, 3, dtype=f64)
    exact = exact_loss(W, bias, density, importance, nodes=4)
    torch.testing.assert_close(exact, linear_loss(W, bias, importance, density))


def test_the_exact_loss_agrees_with_many_samples() -> None:
    generator = torch.Generator().manual_seed(0)
    W = torch.randn(1, 2, 3, dtype=f64, generator=generator)
    bias = 0.3 * torch.randn(1, 3, dtype=f64, generator=generator)
    density = torch.tensor([[0.9, 0.5, 0.2]], dtype=f64)
    x = torch.rand(3, 400_000, dtype=f64, generator=generator)
    x = x * (torch.rand(3, 400_000, dtype=f64, generator=generator) < density[0][:, None])
    error = (x - torch.relu(W[0].T @ (W[0] @ x) + bias[0][:, None])).square().sum(0)
    exact = exact_loss(W, bias, density, torch.ones(1, 3, dtype=f64))
    assert abs(float(exact - error.mean())) < 4 * float(error.std()) / 400_000**0.5


def test_the_optimum_is_no_worse_than_any_prototype() -> None:
    p = torch.tensor([0.05, 0.4, 0.9], dtype=f64)
    r = torch.tensor([0.3, 1.0, 3.0], dtype=f64)
    best = free_optimum(p, r, steps=400)
    assert (best.loss <= 1.0005 * prototype_losses(2, p, r).amin(0)).all()
    assert (best.loss <= 1.0005 * (1 + r) * antipodal_loss(p, antipodal_bias(p))).all()
    importance = torch.stack([torch.ones_like(r), r], -1)
    finer = exact_loss(best.W, best.bias, p[:, None].expand(-1, 2), importance, nodes=80)
    torch.testing.assert_close(best.loss, finer, rtol=1e-3, atol=0)


def test_the_second_weight_vanishes_at_the_densities_of_the_claim() -> None:
    """|W_2| jumps to zero at the densities of CONTOUR."""
    p, r = torch.tensor(list(CONTOUR.values())), torch.tensor(list(CONTOUR))
    best = free_optimum(torch.cat([0.985 * p, 1.015 * p]), r.repeat(2), steps=400)
    below, above = best.W[:, 0, 1].abs().chunk(2)
    assert (below > 0.6).all() and (above < 0.05).all()
