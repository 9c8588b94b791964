"""Asymmetric superposition with inhibition, the paper's motif of two neurons."""

from typing import Any, NamedTuple

from toysuper.metrics.neurons import SHARE, normalised
from toysuper.snapshot import Snapshot

RATIO = 2.0
"""How many times larger the weight in is for one feature, and the weight out for the other."""
INHIBITION = -0.5
FELT = 0.1
"""Input weights of a neuron's second feature below this are none."""


class Motif(NamedTuple):
    """A neuron that two features share unequally, and another that mends what goes wrong.

    ``neuron`` hears the ``interferer`` loudly and the ``victim`` faintly, with opposite signs, and
    speaks faintly to the first and loudly to the second. So it works for both, but the interferer
    sets off the victim's output. The ``inhibitor``, which hears the interferer too, pushes that
    output below zero, where the output's ReLU hides it.
    """

    neuron: int
    interferer: int
    victim: int
    inhibitor: int


def model_motifs(model: Snapshot) -> list[Motif]:
    r"""All motifs of one model, its neurons scaled to a largest input weight of 1.

    Neuron j and features a, b with :math:`W_{1,ja} W_{1,jb} < 0`, :math:`|W_{1,ja}| > 2 |W_{1,jb}|`
    and :math:`W_{2,bj} > 2 W_{2,aj} > 0`, and a neuron k that a sets off with the same sign, with
    :math:`W_{2,bk} < -1/2`. Input weights of b below 0.1, and of a in k below 0.2, do not count.

    Source: the paper's section "Computation in Superposition", the asymmetric superposition motif.
    """
    scaled = normalised(model)
    inward, outward = scaled.encoder[0], scaled.decoder[0]
    a, b = inward[:, :, None], inward[:, None]
    asymmetric = (a * b < 0) & (a.abs() > RATIO * b.abs()) & (b.abs() > FELT)
    to_a, to_b = outward[:, :, None], outward[:, None]
    reciprocal = (to_a > 0) & (to_b > RATIO * to_a)
    found = []
    for j, i, v in (asymmetric & reciprocal).nonzero().tolist():
        hears = (inward[:, i] * inward[j, i].sign() > SHARE) & (outward[:, v] < INHIBITION)
        found += [Motif(j, i, v, k) for k in hears.nonzero()[:, 0].tolist() if k != j]
    return found


def motifs(snapshot: Snapshot) -> list[dict[str, Any]]:
    """A row for each motif of the best model of each cell."""
    best = snapshot.best()
    models = [best.pick([i]) for i in range(len(best))]
    return [
        {**model.coordinates[0], **motif._asdict()}
        for model in models
        for motif in model_motifs(model)
    ]


def strongest(model: Snapshot) -> Motif | None:
    """The motif whose neuron is most asymmetric, by the product of both ratios; None without."""

    def asymmetry(motif: Motif) -> float:
        inward, outward = model.encoder[0, motif.neuron], model.decoder[0, motif.neuron]
        i, v = motif.interferer, motif.victim
        return float((inward[i] / inward[v]).abs() * (outward[v] / outward[i]))

    return max(model_motifs(model), key=asymmetry, default=None)
