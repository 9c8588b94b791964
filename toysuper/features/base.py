"""What every distribution of features owes."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from jaxtyping import Float, Int
from torch import Tensor

Draw = Callable[[int], Int[Tensor, "inst rows batch"]]


class Features(ABC):
    """A distribution over sparse feature vectors.

    A subclass turns random bits into features and keeps no state. ``draw(rows)`` gives 32 random
    bits for every (instance, row, sample); ask once, for as many rows as needed.
    """

    @abstractmethod
    def sample(self, draw: Draw, density: Float[Tensor, "inst feat"]) -> Float[Tensor, "..."]:
        """Features ``(inst, feat, batch)`` whose marginal density is ``density``."""
