"""Which features are stored in which neurons, and with which signs, as a table."""

from typing import Any, NamedTuple

from toysuper.functional.polytopes import connected_components
from toysuper.metrics.neurons import alive, takes_part, with_neurons
from toysuper.snapshot import Snapshot


class Code(NamedTuple):
    """Neurons that share features, the features, and the signs that each of these has in them."""

    neurons: tuple[int, ...]
    features: tuple[int, ...]
    signs: tuple[tuple[int, ...], ...]

    def __str__(self) -> str:
        k, n = len(self.neurons), len(self.features)
        return f"{n} feature{'s' * (n > 1)} in {k} neuron{'s' * (k > 1)}"

    @property
    def is_three_in_two(self) -> bool:
        """Whether it is the paper's {(1, 1), (1, -1), (-1, 1)}."""
        return sorted(self.signs) == [(-1, 1), (1, -1), (1, 1)]


def model_codes(model: Snapshot) -> list[Code]:
    """The codes of one model, those with the fewest neurons first.

    Neurons belong together if a feature takes part in both. A feature's sign is 0 in a neuron that
    it takes no part in.
    Source: the paper's section "Superposition in a Privileged Basis".
    """
    part, living = takes_part(model)[0], alive(model)[0]
    signs = (model.encoder[0].sign() * part).int()
    shared = part.double() @ part.double().T > 0
    label = connected_components(shared[None])[0]
    found = []
    for first in label[living].unique().tolist():
        neurons = (label == first).nonzero()[:, 0].tolist()
        features = part[neurons].any(0).nonzero()[:, 0].tolist()
        columns = tuple(tuple(signs[neurons, i].tolist()) for i in features)
        found.append(Code(tuple(neurons), tuple(features), columns))
    return sorted(found, key=lambda code: (len(code.neurons), code.features))


def codes(snapshot: Snapshot) -> list[dict[str, Any]]:
    """A row for each code of the best model of each cell; signs as ``+``, ``-`` and ``0``."""
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
