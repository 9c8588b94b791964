r"""Ten features in five neurons.

Elhage et al. 2022, `Toy Models of Superposition
<https://transformer-circuits.pub/2022/toy_model/index.html#privileged-basis>`_, section
"Superposition in a Privileged Basis".

With a ReLU in the hidden layer, :math:`x' = \mathrm{ReLU}(W^\top \mathrm{ReLU}(W x) + b)`, a
rotation of the hidden space changes the outputs: hidden dimensions are *neurons*. If features are
dense, each neuron has one feature (monosemantic). The sparser they are, the more neurons share
features (polysemantic), as a code: three features in two neurons are stored with the signs (1, 1),
(1, -1) and (-1, 1). Without the hidden ReLU no row of W has a single large weight.
"""

from typing import Any, NamedTuple

from toysuper.claims import Claim, at_density, best_of_cell, if_size, not_measured
from toysuper.functional.polytopes import connected_components
from toysuper.metrics.neurons import (
    active_weights,
    alive,
    mean_entropy,
    monosemantic,
    mostly_alive,
    with_neurons,
)
from toysuper.snapshot import Snapshot


class Code(NamedTuple):
    """Neurons that share features, the features, and the sign of each feature in each neuron."""

    neurons: tuple[int, ...]
    features: tuple[int, ...]
    signs: tuple[tuple[int, ...], ...]

    def __str__(self) -> str:
        k, n = len(self.neurons), len(self.features)
        return f"{n} feature{'s' * (n > 1)} in {k} neuron{'s' * (k > 1)}"

    @property
    def is_three_in_two(self) -> bool:
        """Whether it is the paper's code {(1, 1), (1, -1), (-1, 1)}."""
        return sorted(self.signs) == [(-1, 1), (1, -1), (1, 1)]


def model_codes(model: Snapshot) -> list[Code]:
    """Find the codes of one model, sorted by the number of neurons.

    Two neurons belong to one code if a feature has active weights in both. The sign of a feature is
    0 in a neuron in which its weight is not active.
    """
    active, living = active_weights(model)[0], alive(model)[0]
    signs = (model.encoder[0].sign() * active).int()
    is_shared = active.double() @ active.double().T > 0
    component = connected_components(is_shared[None])[0]
    codes = []
    for first in component[living].unique().tolist():
        neurons = (component == first).nonzero()[:, 0].tolist()
        features = active[neurons].any(0).nonzero()[:, 0].tolist()
        columns = tuple(tuple(signs[neurons, i].tolist()) for i in features)
        codes.append(Code(tuple(neurons), tuple(features), columns))
    return sorted(codes, key=lambda code: (len(code.neurons), code.features))


def codes(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Make the rows of ``codes.csv``: one for each code of the best model of each cell.

    Signs are ``+``, ``-`` and ``0``, one group of letters for each feature.
    """
    best = with_neurons(snapshot).best()
    return [row for i in range(len(best)) for row in _rows(best.pick([i]))]


def _rows(model: Snapshot) -> list[dict[str, Any]]:
    return [
        {
            **model.coordinates[0],
            "code": str(code),
            "neurons": " ".join(map(str, code.neurons)),
            "features": " ".join(map(str, code.features)),
            "signs": " ".join("".join("0+-"[sign] for sign in column) for column in code.signs),
        }
        for code in model_codes(model)
    ]


MONOSEMANTIC = {0.7: 5, 0.3: 3, 0.15: 2, 0.12: 1, 0.06: 0, 0.03: 0}
"""Expected number of monosemantic neurons of the best model at each density."""


def claims(snapshot: Snapshot) -> list[Claim]:
    """PRIV and PRIV-W: neurons have one feature if these are dense, and share them if sparse."""
    models = if_size(snapshot, n=10, m=5, ratio=0.75)
    tied = (models.encoder == models.decoder).all(-1).all(-1)
    models = models.where(lambda i: bool(tied[i]) and models.activation[i] == "relu")
    neurons = models.where(lambda i: models.hidden_activation[i] == "relu")
    linear = models.where(lambda i: models.hidden_activation[i] == "identity")
    counts = [_count(neurons, p) for p in MONOSEMANTIC]
    return [*counts, _code(neurons), *_aligned(linear, neurons)]


def _count(models: Snapshot, density: float) -> Claim:
    name, statement = f"PRIV p={density:g}", "monosemantic neurons of the best model"
    best, expected = best_of_cell(at_density(models, density)), MONOSEMANTIC[density]
    if best is None:
        return not_measured(name, statement, f"{expected}")
    count = int(monosemantic(best))
    shared = [str(code) for code in model_codes(best) if len(code.features) > 1]
    measured = ", ".join([f"{count}", *shared])
    return Claim(name, statement, f"{expected}", measured, count == expected and mostly_alive(best))


def _code(models: Snapshot) -> Claim:
    line = (
        "PRIV code",
        "how the best model at p = 0.3 stores three features in two",
        "(1,1), (1,-1), (-1,1)",
    )
    best = best_of_cell(at_density(models, 0.3))
    if best is None:
        return not_measured(*line)
    shared = [code for code in model_codes(best) if len(code.neurons) > 1]
    holds = len(shared) == 1 and shared[0].is_three_in_two
    return Claim(*line, "; ".join(str(code.signs) for code in shared), holds)


def _aligned(linear: Snapshot, neurons: Snapshot) -> list[Claim]:
    """Compare models with and without neurons at p = 0.7."""
    rows = "PRIV-W", "one-hot rows of W at p = 0.7: linear, ReLU hidden", "0, >= 3"
    entropy = "PRIV-W entropy", "of |W|'s rows at p = 0.7: linear, ReLU hidden", "lower for ReLU"
    without, relu = (best_of_cell(at_density(models, 0.7)) for models in (linear, neurons))
    if without is None or relu is None:
        return [not_measured(*rows), not_measured(*entropy)]
    hot = int(monosemantic(without)), int(monosemantic(relu))
    mean = float(mean_entropy(without)), float(mean_entropy(relu))
    return [
        Claim(*rows, f"{hot[0]}, {hot[1]}", hot[0] == 0 and hot[1] >= 3),
        Claim(*entropy, f"{mean[0]:.3f}, {mean[1]:.3f}", mean[1] < mean[0] and mostly_alive(relu)),
    ]
