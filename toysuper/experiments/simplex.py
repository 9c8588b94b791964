r"""One feature more than hidden dimensions.

Elhage et al. 2022, `Toy Models of Superposition
<https://transformer-circuits.pub/2022/toy_model/index.html#geometry>`_, section "The Geometry of
Superposition".

The model :math:`x' = \mathrm{ReLU}(W^\top W x + b)` has m hidden dimensions for m + 1 equal
features. If they are dense, all share the space: the corners of a simplex, each with a
dimensionality of :math:`D_i = m / (m + 1)`. If they are sparser, two form a digon with
:math:`D_i = 1/2` and each other feature has its own dimension, :math:`D_i = 1`.
"""

import torch

from toysuper.claims import Claim, at_density, format_values, not_measured, within
from toysuper.metrics import dimensionality
from toysuper.snapshot import Snapshot


def claims(snapshot: Snapshot) -> list[Claim]:
    """SIMPLEX: m + 1 equal features form a simplex if dense, a digon and single ones if sparser."""
    hidden, feat = snapshot.W.shape[1:]
    dense = [hidden / feat] * feat
    sparse = [0.5, 0.5, *[1.0] * (feat - 2)]
    return [_claim(snapshot, 0.6, dense, 0.01), _claim(snapshot, 0.3, sparse, 0.02)]


def _claim(snapshot: Snapshot, density: float, expected: list[float], error: float) -> Claim:
    """Compare the sorted dimensionalities of the best model at one density with theory."""
    name, statement = f"SIMPLEX p={density:g}", "D_i of the best model, sorted"
    interval = f"{format_values(expected)} +- {error:g}"
    models = at_density(snapshot, density)
    if models is None or snapshot.W.shape[1] + 1 != snapshot.W.shape[2]:
        return not_measured(name, statement, interval)
    values = dimensionality(models.best())[0].sort().values
    target = torch.tensor(expected)
    holds = within(values, target - error, target + error)
    return Claim(name, statement, interval, format_values(values, ".3f"), holds)
