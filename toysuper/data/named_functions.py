"""Functions by name, of which every instance may have its own: activations and tasks."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor, nn

from toysuper.functional.activations import activate, kinds


class Functions(nn.Module):
    """Applies to instance i the function ``names[i]``, or the only one to all.

    >>> import torch
    >>> Functions(["relu", "identity"])(-torch.ones(2, 1, 1)).flatten()
    tensor([ 0., -1.])
    """

    which: Tensor

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self.different, which = kinds(names)
        self.register_buffer("which", which, persistent=False)

    def forward(self, z: Float[Tensor, "inst rows batch"]) -> Float[Tensor, "inst rows batch"]:
        """Apply."""
        return activate(z, self.different, self.which)
