"""How many features models store, against the bound of compressed sensing."""

from jaxtyping import Float
from torch import Tensor

from toysuper.errors import UserError
from toysuper.metrics.features import represented
from toysuper.snapshot import Snapshot


def sensing_bound(
    density: Float[Tensor, " inst"], hidden: Float[Tensor, " inst"]
) -> Float[Tensor, " inst"]:
    r""":math:`m / (-p \ln p)`, to which the number of stored features is proportional at most.

    k-sparse inputs of n features need :math:`m = \Omega(k \ln(n / k))` dimensions; here k = p n.
    Source: the paper's appendix on compressed sensing.

    >>> import torch
    >>> sensing_bound(torch.tensor([0.1]), torch.tensor([10.0]))
    tensor([43.4294])
    """
    return hidden / (-density * density.log())


def stored_over_bound(snapshot: Snapshot) -> Float[Tensor, " inst"]:
    """Represented features over :func:`sensing_bound`.

    Raises:
        UserError: a model's features differ in density, or are always active.
    """
    density = snapshot.common_density()
    if density.isnan().any() or (density == 1).any():
        raise UserError("the compressed-sensing bound needs one density below 1 for each model")
    return represented(snapshot) / sensing_bound(density, snapshot.hidden_sizes)
