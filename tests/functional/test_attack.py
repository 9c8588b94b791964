import pytest
import torch

from toysuper.functional.attack import attack_directions, attacked_loss

W = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
X = torch.rand(2, 5, 7, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
I = torch.tensor([[1.0, 2, 1, 0.5, 1]] * 2, dtype=torch.float64)
BUDGET = torch.tensor([0.1, 0.3], dtype=torch.float64)


def forward(x: torch.Tensor) -> torch.Tensor:
    return torch.relu(W.mT @ (W @ x) - 0.1)


def test_directions_are_the_normalised_rows_of_the_gram_matrix() -> None:
    gram = W.mT @ W
    directions = attack_directions(W, W)
    for i in range(5):
        torch.testing.assert_close(
            directions[:, :, i], gram[:, i] / gram[:, i].norm(dim=1)[:, None]
        )
    assert torch.equal(attack_directions(0 * W, W), torch.zeros(2, 5, 5))


def test_each_sample_gets_the_worst_of_all_directions_and_signs() -> None:
    """Compare with a loop over samples, directions and signs."""
    directions = attack_directions(W, W)
    clean, worst = attacked_loss(forward, directions, I, X, BUDGET)
    for k in range(2):
        for total, signs in ((clean[k], (0,)), (worst[k], (-1, 0, 1))):
            losses = [
                max(
                    float((I[k] * (X[k, :, b] - attacked(k, b, i, s)).square()).sum())
                    for i in range(5)
                    for s in signs
                )
                for b in range(7)
            ]
            assert float(total) == pytest.approx(sum(losses) / 7)


def attacked(k: int, b: int, i: int, sign: int) -> torch.Tensor:
    row = (W[k].T @ W[k])[i]
    x = X[k, :, b] + sign * BUDGET[k] * row / row.norm()
    return torch.relu(W[k].T @ (W[k] @ x) - 0.1)


def test_a_linear_model_without_superposition_loses_the_budget_squared() -> None:
    one = torch.eye(5, dtype=torch.float64)[None, :3]
    x = torch.rand(1, 5, 9, dtype=torch.float64)
    x[:, 3:] = 0
    directions = attack_directions(one, one)
    budget = torch.tensor([0.2], dtype=torch.float64)
    ones = torch.ones(1, 5)
    clean, worst = attacked_loss(lambda v: one.mT @ (one @ v), directions, ones, x, budget)
    torch.testing.assert_close(worst - clean, budget**2)


def test_a_budget_of_zero_changes_nothing() -> None:
    clean, worst = attacked_loss(forward, attack_directions(W, W), I, X, 0 * BUDGET)
    torch.testing.assert_close(clean, worst)
