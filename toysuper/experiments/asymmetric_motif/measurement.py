"""Asymmetric superposition with inhibition, the paper's motif of two neurons."""

from typing import Any, NamedTuple

from toysuper.metrics.neurons import MIN_RELATIVE_WEIGHT, normalise_neurons
from toysuper.snapshot import Snapshot

MIN_RATIO = 2.0
"""Smallest ratio of the two input weights, and of the two output weights, of the shared neuron."""
MAX_INHIBITION = -0.5
"""Largest output weight, which is negative, of an inhibitor."""
MIN_SECOND_WEIGHT = 0.1
"""Smallest input weight of the shared neuron's second feature."""


class Motif(NamedTuple):
    """A neuron that two features share unequally, and another that removes the interference.

    ``neuron`` has a large input weight for the ``interferer`` and a small one of opposite sign for
    the ``victim``, and a small output weight for the first and a large one for the second. So it
    works for both, but the interferer raises the victim's output. The ``inhibitor``, which is
    active with the interferer, pushes that output below zero, where the output's ReLU removes it.
    """

    neuron: int
    interferer: int
    victim: int
    inhibitor: int


def model_motifs(model: Snapshot) -> list[Motif]:
    r"""Find all motifs of one model, with each neuron scaled to a largest input weight of 1.

    A motif is a neuron j and features a and b with :math:`W_{1,ja} W_{1,jb} < 0`,
    :math:`|W_{1,ja}| > 2 |W_{1,jb}|` and :math:`W_{2,bj} > 2 W_{2,aj} > 0`, and a neuron k with an
    input weight for a of the same sign and :math:`W_{2,bk} < -1/2`. Input weights of b in j below
    0.1, and of a in k below 0.2, do not count.

    Source: `Computation in Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#computation>`_, the asymmetric
    superposition motif.
    """
    scaled = normalise_neurons(model)
    inward, outward = scaled.encoder[0], scaled.decoder[0]
    a, b = inward[:, :, None], inward[:, None]
    to_a, to_b = outward[:, :, None], outward[:, None]
    asymmetric = (a * b < 0) & (a.abs() > MIN_RATIO * b.abs()) & (b.abs() > MIN_SECOND_WEIGHT)
    reciprocal = (to_a > 0) & (to_b > MIN_RATIO * to_a)
    motifs = []
    for j, i, v in (asymmetric & reciprocal).nonzero().tolist():
        same_sign = inward[:, i] * inward[j, i].sign() > MIN_RELATIVE_WEIGHT
        inhibits = same_sign & (outward[:, v] < MAX_INHIBITION)
        motifs += [Motif(j, i, v, k) for k in inhibits.nonzero()[:, 0].tolist() if k != j]
    return motifs


def motifs(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Make the rows of ``motifs.csv``: one for each motif of the best model of each cell."""
    best = snapshot.best()
    models = [best.pick([i]) for i in range(len(best))]
    return [
        {**model.coordinates[0], **motif._asdict()}
        for model in models
        for motif in model_motifs(model)
    ]


def strongest(model: Snapshot) -> Motif | None:
    """Find the motif with the most asymmetric neuron; None if the model has no motif.

    Asymmetry is the product of the ratios of input weights and of output weights.
    """

    def asymmetry(motif: Motif) -> float:
        inward, outward = model.encoder[0, motif.neuron], model.decoder[0, motif.neuron]
        i, v = motif.interferer, motif.victim
        return float((inward[i] / inward[v]).abs() * (outward[v] / outward[i]))

    return max(model_motifs(model), key=asymmetry, default=None)
