"""Claims of the paper's section "Superposition in a Privileged Basis"."""

from toysuper.claims.base import Claim, absent, at, of_size, sole
from toysuper.experiments.privileged_basis.measurement import model_codes
from toysuper.metrics.neurons import mean_entropy, monosemantic, mostly_alive
from toysuper.snapshot import Snapshot

MONOSEMANTIC = {0.7: 5, 0.3: 3, 0.15: 2, 0.12: 1, 0.06: 0, 0.03: 0}
"""Neurons of the best model that have one feature, by density."""


def privileged_basis(snapshot: Snapshot) -> list[Claim]:
    """PRIV and PRIV-W: neurons align with features; the sparser these, the more share a neuron."""
    models = of_size(snapshot, n=10, m=5, ratio=0.75)
    tied = (models.encoder == models.decoder).all(-1).all(-1)
    models = models.where(lambda i: bool(tied[i]) and models.activation[i] == "relu")
    neurons = models.where(lambda i: models.hidden_activation[i] == "relu")
    linear = models.where(lambda i: models.hidden_activation[i] == "identity")
    counts = [_count(neurons, p) for p in MONOSEMANTIC]
    return [*counts, _code(neurons), *_aligned(linear, neurons)]


def _count(models: Snapshot, density: float) -> Claim:
    name, statement = f"PRIV p={density:g}", "monosemantic neurons of the best model"
    best, expected = sole(at(models, density)), MONOSEMANTIC[density]
    if best is None:
        return absent(name, statement, f"{expected}")
    count = int(monosemantic(best))
    shared = [str(code) for code in model_codes(best) if len(code.features) > 1]
    measured = ", ".join([f"{count}", *shared])
    holds = count == expected and mostly_alive(best)
    return Claim(name, statement, f"{expected}", measured, holds)


def _code(models: Snapshot) -> Claim:
    name, statement = "PRIV code", "how the best model at p = 0.3 stores three features in two"
    expected, best = "(1,1), (1,-1), (-1,1)", sole(at(models, 0.3))
    if best is None:
        return absent(name, statement, expected)
    shared = [code for code in model_codes(best) if len(code.neurons) > 1]
    holds = len(shared) == 1 and shared[0].is_three_in_two
    return Claim(name, statement, expected, "; ".join(str(c.signs) for c in shared), holds)


def _aligned(linear: Snapshot, neurons: Snapshot) -> list[Claim]:
    both = sole(at(linear, 0.7)), sole(at(neurons, 0.7))
    name, statement = "PRIV-W", "one-hot rows of W at p = 0.7: linear, ReLU hidden"
    entropy = "PRIV-W entropy", "of |W|'s rows at p = 0.7: linear, ReLU hidden", "lower for ReLU"
    if both[0] is None or both[1] is None:
        return [absent(name, statement, "0, >= 3"), absent(*entropy)]
    hot = [int(monosemantic(model)) for model in both if model]
    mean = [float(mean_entropy(model)) for model in both if model]
    measured = f"{mean[0]:.3f}, {mean[1]:.3f}"
    return [
        Claim(name, statement, "0, >= 3", f"{hot[0]}, {hot[1]}", hot[0] == 0 and hot[1] >= 3),
        Claim(*entropy, measured, mean[1] < mean[0] and mostly_alive(both[1])),
    ]
