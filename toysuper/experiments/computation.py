"""Claims of the paper's section "Computation in Superposition"."""

import torch

from toysuper.claims.base import Claim, absent, numbers, of_size, tasked, within
from toysuper.experiments.asymmetric_motif.measurement import model_motifs
from toysuper.metrics import held_out_loss
from toysuper.metrics.neurons import normalised, takes_part
from toysuper.snapshot import Snapshot


def absolute_values(snapshot: Snapshot) -> list[Claim]:
    """ABS3: each of three absolute values is the sum of a neuron for x and one for -x."""
    loss = ("ABS3 loss", "loss of the best models", "< 1e-4")
    weights = ("ABS3 neurons", "one-hot neurons, a pair of them for each feature", "6, in 3 pairs")
    products = ("ABS3 products", "|W1| W2 of each neuron", "0.98-1.02")
    models = tasked(of_size(snapshot, n=3, m=6, ratio=1.0), "abs")
    if not len(models):
        return [absent(*loss), absent(*weights), absent(*products)]
    best = normalised(models.best())
    alone = takes_part(best).sum(-1) == 1
    pairs = _pairs(best) & alone.all(-1)
    product = (best.encoder.abs() * best.decoder).sum(-1)
    losses = held_out_loss(best)
    counts = ", ".join(f"{int(k)}" for k in alone.sum(-1))
    span = f"{float(product.min()):.4f}-{float(product.max()):.4f}"
    return [
        Claim(*loss, numbers(losses, ".1e"), within(losses, 0, 1e-4)),
        Claim(*weights, f"{counts}; pairs in {int(pairs.sum())} of {len(best)}", bool(pairs.all())),
        Claim(*products, span, within(product, 0.98, 1.02)),
    ]


def _pairs(models: Snapshot) -> torch.Tensor:
    """Whether every feature has one neuron with a large positive and one with a negative weight."""
    positive, negative = (models.encoder > 0.5).sum(1), (models.encoder < -0.5).sum(1)
    return ((positive == 1) & (negative == 1)).all(-1)


def asymmetric_motif(snapshot: Snapshot) -> list[Claim]:
    """MOTIF: a model shares a neuron unequally and inhibits what interferes."""
    name, statement = "MOTIF", "motifs of the best model at densities of 0.05 to 0.3"
    best = tasked(snapshot, "abs").best()
    density = best.common_density()
    here = [i for i in range(len(best)) if 0.049 < float(density[i]) < 0.301]
    if not here:
        return [absent(name, statement, ">= 1 at some density")]
    counts = [len(model_motifs(best.pick([i]))) for i in here]
    measured = ", ".join(f"{k} at {float(density[i]):g}" for i, k in zip(here, counts, strict=True))
    return [Claim(name, statement, ">= 1 at some density", measured, max(counts) >= 1)]


PIECEWISE_LINEAR = ("pair_max", "pair_and", "pair_xor")


def computations(snapshot: Snapshot) -> list[Claim]:
    """COMP: two neurons a pair compute OR, AND and XOR exactly, but no square.

    Our extension of the paper, without hidden biases: max(a, b) = a + ReLU(b - a) needs two neurons
    for each pair; a square is no piecewise linear function.
    """
    line = "COMP exact", "loss of the best models of OR, AND and XOR of pairs", "< 1e-4"
    control = "COMP control", "loss of the best model of squares", "> 1e-4"
    models = of_size(snapshot, n=3, m=6, ratio=1.0)
    best = models.where(lambda i: models.hidden_activation[i] == "relu").best()
    dense = len(best) > 0 and float(best.density.min()) >= 0.3  # or zeros are nearly exact
    loss = dict(zip(best.task, held_out_loss(best).tolist(), strict=True))
    if not dense or len(loss) < len(best) or not {*PIECEWISE_LINEAR, "square"} <= {*loss}:
        return [absent(*line), absent(*control)]
    exact, square = torch.tensor([loss[task] for task in PIECEWISE_LINEAR]), loss["square"]
    return [
        Claim(*line, numbers(exact, ".1e"), within(exact, 0, 1e-4)),
        Claim(*control, f"{square:.1e}", 1e-4 < square < torch.inf),
    ]
