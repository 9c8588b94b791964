r"""OR, AND, XOR and squares of features from six neurons.

Elhage et al. 2022, `Toy Models of Superposition
<https://transformer-circuits.pub/2022/toy_model/index.html#computation>`_, section "Computation in
Superposition". The tasks are ours.

Two ReLU neurons for each pair of features compute piecewise linear functions exactly, without
hidden biases: :math:`\max(a, b) = a + \mathrm{ReLU}(b - a)` is OR, and AND and XOR are similar. A
square is not piecewise linear, so its loss stays above 0: the control.
"""

import torch

from toysuper.claims import Claim, format_values, if_size, not_measured, within
from toysuper.metrics import held_out_loss
from toysuper.snapshot import Snapshot

PIECEWISE_LINEAR = ("pair_max", "pair_and", "pair_xor")
MIN_DENSITY = 0.3
"""If features are sparser, models that answer zero are nearly exact."""


def claims(snapshot: Snapshot) -> list[Claim]:
    """COMP: two neurons a pair compute OR, AND and XOR exactly, but no square."""
    line = "COMP exact", "loss of the best models of OR, AND and XOR of pairs", "< 1e-4"
    control = "COMP control", "loss of the best model of squares", "> 1e-4"
    models = if_size(snapshot, n=3, m=6, ratio=1.0)
    best = models.where(lambda i: models.hidden_activation[i] == "relu").best()
    is_dense = len(best) > 0 and float(best.density.min()) >= MIN_DENSITY
    loss = dict(zip(best.task, held_out_loss(best).tolist(), strict=True))
    if not is_dense or len(loss) < len(best) or not {*PIECEWISE_LINEAR, "square"} <= {*loss}:
        return [not_measured(*line), not_measured(*control)]
    exact, square = torch.tensor([loss[task] for task in PIECEWISE_LINEAR]), loss["square"]
    return [
        Claim(*line, format_values(exact, ".1e"), within(exact, 0, 1e-4)),
        Claim(*control, f"{square:.1e}", 1e-4 < square < torch.inf),
    ]
