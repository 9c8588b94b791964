import torch

from toysuper.functional.losses import expected_loss, feature_losses


def test_the_expected_loss_equals_a_loop() -> None:
    x, y = torch.rand(2, 3, 5), torch.rand(2, 3, 5)
    importance, weight = torch.rand(2, 3), torch.rand(1, 5)
    for i in range(2):
        expected = sum(
            weight[0, b] * importance[i, f] * (x[i, f, b] - y[i, f, b]) ** 2
            for b in range(5)
            for f in range(3)
        )
        torch.testing.assert_close(expected_loss(y, x, importance, weight)[i], expected)
    parts = feature_losses(y, x, importance, weight)
    torch.testing.assert_close(parts.sum(-1), expected_loss(y, x, importance, weight))
