"""Whether trained models contain the motif."""

from toysuper.claims import Claim, not_measured, with_task
from toysuper.experiments.asymmetric_motif.measurement import model_motifs
from toysuper.snapshot import Snapshot


def claims(snapshot: Snapshot) -> list[Claim]:
    """MOTIF: a model shares a neuron unequally and inhibits the interference."""
    line = "MOTIF", "motifs of the best model at densities of 0.05 to 0.3", ">= 1 at some density"
    best = with_task(snapshot, "abs").best()
    density = best.common_density()
    sparse = [i for i in range(len(best)) if 0.049 < float(density[i]) < 0.301]
    if not sparse:
        return [not_measured(*line)]
    counts = {i: len(model_motifs(best.pick([i]))) for i in sparse}
    measured = ", ".join(f"{count} at {float(density[i]):g}" for i, count in counts.items())
    return [Claim(*line, measured, max(counts.values()) >= 1)]
