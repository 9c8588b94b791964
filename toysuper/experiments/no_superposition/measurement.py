"""Models by the price of their hidden activity."""

import torch
from jaxtyping import Float
from torch import Tensor

from toysuper.errors import UserError
from toysuper.snapshot import Snapshot


def by_price(snapshot: Snapshot) -> tuple[Snapshot, Float[Tensor, " inst"]]:
    """The best model of each price, and the prices, rising from 0.

    Raises:
        UserError: there is no grid axis ``l1`` with 0 and more, or there are other axes.
    """
    best = snapshot.best()
    prices = [float(place.get("l1", torch.nan)) for place in best.coordinates]
    some = len(prices) > 1 and len(set(prices)) == len(prices) and min(prices) == 0
    if not some or any(price != price for price in prices):
        raise UserError("needs a grid axis 'l1' with 0 and others, and no further axis but seed")
    order = sorted(range(len(best)), key=prices.__getitem__)
    return best.pick(order), torch.tensor(prices)[order]
