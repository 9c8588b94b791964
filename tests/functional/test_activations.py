import torch

from toysuper.functional.activations import activate


def test_an_activation_never_reaches_the_gradient_of_another_row() -> None:
    """torch.where over sqrt and relu would hand relu the NaN of sqrt's derivative."""
    z = torch.tensor([[-1.0], [4.0]], requires_grad=True)
    out = activate(z, ["relu", "sqrt"], torch.tensor([0, 1]))
    out.sum().backward()
    torch.testing.assert_close(out, torch.tensor([[0.0], [2.0]]))
    torch.testing.assert_close(z.grad, torch.tensor([[0.0], [0.25]]))
