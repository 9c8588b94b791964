import torch

from toysuper.functional.activations import apply_per_instance


def test_a_function_never_changes_the_gradient_of_another_instance() -> None:
    """With torch.where, the NaN of sqrt's derivative would reach the gradient of relu."""
    z = torch.tensor([[-1.0], [4.0]], requires_grad=True)
    out = apply_per_instance(z, [torch.relu, torch.sqrt], torch.tensor([0, 1]))
    out.sum().backward()
    torch.testing.assert_close(out, torch.tensor([[0.0], [2.0]]))
    torch.testing.assert_close(z.grad, torch.tensor([[0.0], [0.25]]))
