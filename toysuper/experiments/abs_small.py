r"""Three absolute values from six neurons.

Elhage et al. 2022, `Toy Models of Superposition
<https://transformer-circuits.pub/2022/toy_model/index.html#computation>`_, section "Computation in
Superposition".

The model :math:`y = \mathrm{ReLU}(W_2^\top \mathrm{ReLU}(W_1 x) + b)` learns :math:`y_i = |x_i|` of
features in [-1, 1]. It is exact with two neurons for each feature, because
:math:`|x| = \mathrm{ReLU}(x) + \mathrm{ReLU}(-x)`. Then each neuron has one input weight, and
:math:`|W_1| W_2 = 1`.
"""

import torch

from toysuper.claims import (
    Claim,
    format_range,
    format_values,
    if_size,
    not_measured,
    with_task,
    within,
)
from toysuper.metrics import held_out_loss
from toysuper.metrics.neurons import active_weights, normalise_neurons
from toysuper.snapshot import Snapshot

LOSS_LINE = "ABS3 loss", "loss of the best models", "< 1e-4"
NEURON_LINE = "ABS3 neurons", "one-hot neurons, a pair of them for each feature", "6, in 3 pairs"
PRODUCT_LINE = "ABS3 products", "|W1| W2 of each neuron", "0.98-1.02"
"""Name, statement and expected values of the claims."""


def claims(snapshot: Snapshot) -> list[Claim]:
    """ABS3: each of three absolute values is the sum of a neuron for x and one for -x."""
    models = with_task(if_size(snapshot, n=3, m=6, ratio=1.0), "abs")
    if not len(models):
        return [not_measured(*line) for line in (LOSS_LINE, NEURON_LINE, PRODUCT_LINE)]
    best = normalise_neurons(models.best())
    loss, product = held_out_loss(best), (best.encoder.abs() * best.decoder).sum(-1)
    return [
        Claim(*LOSS_LINE, format_values(loss, ".1e"), within(loss, 0, 1e-4)),
        _neurons(best),
        Claim(*PRODUCT_LINE, format_range(product), within(product, 0.98, 1.02)),
    ]


def _neurons(best: Snapshot) -> Claim:
    one_hot = active_weights(best).sum(-1) == 1
    paired = _has_pairs(best) & one_hot.all(-1)
    counts = ", ".join(f"{int(k)}" for k in one_hot.sum(-1))
    measured = f"{counts}; pairs in {int(paired.sum())} of {len(best)}"
    return Claim(*NEURON_LINE, measured, bool(paired.all()))


def _has_pairs(models: Snapshot) -> torch.Tensor:
    """Return whether each feature has one large positive and one large negative input weight."""
    positive, negative = (models.encoder > 0.5).sum(1), (models.encoder < -0.5).sum(1)
    return ((positive == 1) & (negative == 1)).all(-1)
