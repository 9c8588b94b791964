"""Claims of the paper's section "The Geometry of Superposition": minimal superposition."""

import torch

from toysuper.claims.base import Claim, absent, at, numbers, within
from toysuper.metrics import dimensionality
from toysuper.snapshot import Snapshot


def simplex(snapshot: Snapshot) -> list[Claim]:
    """SIMPLEX: m + 1 equal features form a simplex if dense, a digon and single ones if sparser."""
    hidden, feat = snapshot.W.shape[1:]
    dense = [hidden / feat] * feat
    sparse = [0.5, 0.5, *[1.0] * (feat - 2)]
    return [_shares(snapshot, 0.6, dense, 0.01), _shares(snapshot, 0.3, sparse, 0.02)]


def _shares(snapshot: Snapshot, density: float, expected: list[float], error: float) -> Claim:
    name, statement = f"SIMPLEX p={density:g}", "D_i of the best model, sorted"
    wanted = f"{numbers(expected)} +- {error:g}"
    models = at(snapshot, density)
    if models is None or snapshot.W.shape[1] + 1 != snapshot.W.shape[2]:
        return absent(name, statement, wanted)
    found = dimensionality(models.best())[0].sort().values
    target = torch.tensor(expected)
    holds = within(found, target - error, target + error)
    return Claim(name, statement, wanted, numbers(found, ".3f"), holds)
