r"""Metrics of neurons, ``(inst, hidden)``: which features each neuron has weights for.

:math:`W_{ji}` is the input weight of neuron j for feature i. The *relative weight*
:math:`r_{ji} = |W_{ji}| / \max_k |W_{jk}|` does not change if a neuron is scaled; it is 0 if the
neuron is dead. A weight is *active* if its relative weight is above 0.2.

Source: the `paper <https://transformer-circuits.pub/2022/toy_model/index.html#privileged-basis>`_,
sections
"Superposition in a Privileged Basis" and "Computation in Superposition".
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from toysuper.snapshot import Snapshot

MIN_RELATIVE_WEIGHT = 0.2
"""A weight is active if it is larger than this fraction of the neuron's largest weight."""
MIN_PATH_WEIGHT = 0.05
"""A neuron is dead if the product of its largest input and output weight is not above this."""


def has_neurons(snapshot: Snapshot) -> bool:
    """Return whether the hidden layer of some instance is not linear."""
    return bool({*snapshot.hidden_activation} - {"identity"})


def with_neurons(snapshot: Snapshot) -> Snapshot:
    """Select the instances whose hidden layer is not linear; all if there are none."""
    neurons = snapshot.where(lambda i: snapshot.hidden_activation[i] != "identity")
    return neurons if len(neurons) else snapshot


def alive(snapshot: Snapshot) -> Bool[Tensor, "inst hidden"]:
    r"""Mark living neurons, :math:`\max_i |W_{1, ji}| \, \max_i |W_{2, ij}| > 0.05`."""
    inward, outward = snapshot.encoder.abs().amax(-1), snapshot.decoder.abs().amax(-1)
    return inward * outward > MIN_PATH_WEIGHT


def mostly_alive(snapshot: Snapshot) -> bool:
    """Return whether more than half of each instance's neurons are alive.

    Claims about neurons have no verdict otherwise.
    """
    return bool((2 * alive(snapshot).sum(-1) > snapshot.hidden_sizes).all())


def normalise_neurons(snapshot: Snapshot) -> Snapshot:
    r"""Scale each neuron so that its largest input weight is 1; outputs stay the same.

    .. math:: W_1 \to W_1 / s, \quad W_2 \to s W_2, \qquad s_j = \max_i |W_{1, ji}|

    This needs encoder and decoder that are not tied, and ReLU or linear neurons; other instances
    stay as they are. Dead neurons get weights of 0.

    Source: `Computation in Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#computation>`_, visual
    normalisation.
    """
    tied = (snapshot.encoder == snapshot.decoder).all(-1).all(-1)
    scalable = [f in ("relu", "identity") for f in snapshot.hidden_activation]
    free = (torch.tensor(scalable, dtype=torch.bool) & ~tied)[:, None, None]
    living = alive(snapshot)[..., None]
    scale = torch.where(free & living, _largest_weight(snapshot), 1)
    mask = (living | ~free).to(scale.dtype)
    return snapshot.with_weights(
        encoder=snapshot.encoder * mask / scale,
        decoder=snapshot.decoder * mask * scale,
        hidden_bias=(snapshot.hidden_bias[..., None] * mask / scale)[..., 0],
    )


def sort_neurons(snapshot: Snapshot) -> Snapshot:
    """Sort neurons by the importance of the feature with their largest input weight.

    Of two neurons with the same feature, the one with the positive weight comes first. Dead
    neurons are last.
    """
    main = snapshot.encoder.abs().argmax(-1, keepdim=True)
    rank = snapshot.importance.argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)
    is_negative = snapshot.encoder.gather(-1, main)[..., 0] < 0
    key = rank.gather(-1, main[..., 0]) + 0.5 * is_negative
    order = torch.where(alive(snapshot), key, torch.inf).argsort(dim=-1, stable=True)
    rows = order[..., None].expand_as(snapshot.encoder)
    return snapshot.with_weights(
        encoder=snapshot.encoder.gather(1, rows),
        decoder=snapshot.decoder.gather(1, rows),
        hidden_bias=snapshot.hidden_bias.gather(1, order),
    )


def _largest_weight(snapshot: Snapshot) -> Float[Tensor, "inst hidden 1"]:
    return snapshot.encoder.abs().amax(-1, keepdim=True)


def _relative_weights(snapshot: Snapshot) -> Float[Tensor, "inst hidden feat"]:
    living = alive(snapshot)[..., None]
    return torch.where(living, snapshot.encoder.abs() / _largest_weight(snapshot), 0)


def active_weights(snapshot: Snapshot) -> Bool[Tensor, "inst hidden feat"]:
    r"""Mark active input weights, :math:`r_{ji} > 0.2`."""
    return _relative_weights(snapshot) > MIN_RELATIVE_WEIGHT


def features_per_neuron(snapshot: Snapshot) -> Float[Tensor, "inst hidden"]:
    r"""Number of active input weights of each neuron, :math:`\sum_i [r_{ji} > 0.2]`."""
    return active_weights(snapshot).sum(-1).to(snapshot.W.dtype)


def monosemantic(snapshot: Snapshot) -> Float[Tensor, " inst"]:
    """Number of neurons with exactly one active input weight."""
    return (features_per_neuron(snapshot) == 1).sum(-1).to(snapshot.W.dtype)


def polysemantic(snapshot: Snapshot) -> Float[Tensor, " inst"]:
    """Number of neurons with two or more active input weights."""
    return (features_per_neuron(snapshot) > 1).sum(-1).to(snapshot.W.dtype)


def monosemantic_fraction(snapshot: Snapshot) -> Float[Tensor, " inst"]:
    """Number of monosemantic neurons over the number of living ones; 0 if all are dead."""
    living = alive(snapshot).sum(-1).clamp(min=1)
    return monosemantic(snapshot).double() / living  # in float32, 36 of 40 are less than 0.9


def participation_ratio(snapshot: Snapshot) -> Float[Tensor, "inst hidden"]:
    r"""Effective number of features of each neuron, :math:`(\sum_i W_{ji}^2)^2 / \sum_i W_{ji}^4`.

    1 if all weight is on one feature, k if k features have equal weights, 0 for a dead neuron.
    """
    squares = _relative_weights(snapshot).square()
    return squares.sum(-1).square() / squares.square().sum(-1).clamp(min=1)


def polysemanticity_entropy(snapshot: Snapshot) -> Float[Tensor, "inst hidden"]:
    r"""Entropy in nats of each neuron's input weights, :math:`-\sum_i q_i \ln q_i`.

    With :math:`q_i = |W_{ji}| / \sum_k |W_{jk}|`. 0 for one feature, ln n for n features with equal
    weights, 0 for a dead neuron.
    """
    size = _relative_weights(snapshot)
    fraction = size / size.sum(-1, keepdim=True).clamp(min=1)
    return torch.special.entr(fraction).sum(-1)


def mean_entropy(snapshot: Snapshot) -> Float[Tensor, " inst"]:
    """Mean of :func:`polysemanticity_entropy` over living neurons; 0 if all are dead."""
    living = alive(snapshot).sum(-1).clamp(min=1)
    return polysemanticity_entropy(snapshot).sum(-1) / living


def second_weight(snapshot: Snapshot) -> Float[Tensor, "inst hidden"]:
    r"""Second largest relative weight :math:`r_{ji}` of each neuron; 0 if it is dead.

    The paper's neurons have one large primary weight and several small secondary ones.
    """
    return _relative_weights(snapshot).sort(-1, descending=True).values[..., 1:2].sum(-1)
