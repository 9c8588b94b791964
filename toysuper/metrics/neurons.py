"""Metrics of neurons: which features each has weights for, one or several; ``(inst, hidden)``."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from toysuper.snapshot import Snapshot

SHARE = 0.2
"""A feature takes part in a neuron if its weight is above this share of the neuron's largest."""
DEAD = 0.05
"""A neuron is dead if its largest weights in and out multiply to less."""


def has_neurons(snapshot: Snapshot) -> bool:
    """Whether some instance's hidden layer is not linear."""
    return bool({*snapshot.hidden_activation} - {"identity"})


def normalised(snapshot: Snapshot) -> Snapshot:
    r"""The same function, each neuron scaled so that its largest input weight is 1.

    .. math:: W_1 \to W_1 / s, \quad W_2 \to s W_2, \qquad s_j = \max_i |W_{1, ji}|

    Only where encoder and decoder are not tied, and for ReLU and linear neurons, which allow it.
    Dead neurons get weights of 0.
    Source: the paper's section "Computation in Superposition", visual normalisation.
    """
    tied = (snapshot.encoder == snapshot.decoder).all(-1).all(-1)
    scalable = [f in ("relu", "identity") for f in snapshot.hidden_activation]
    free = torch.tensor(scalable, dtype=torch.bool) & ~tied
    living = alive(snapshot)[..., None]
    scale = torch.where(free[:, None, None] & living, _largest(snapshot), 1)
    kept = (living | ~free[:, None, None]).to(scale.dtype)
    return snapshot.with_weights(
        encoder=snapshot.encoder * kept / scale,
        decoder=snapshot.decoder * kept * scale,
        hidden_bias=(snapshot.hidden_bias[..., None] * kept / scale)[..., 0],
    )


def _largest(snapshot: Snapshot) -> Float[Tensor, "inst hidden 1"]:
    return snapshot.encoder.abs().amax(-1, keepdim=True)


def alive(snapshot: Snapshot) -> Bool[Tensor, "inst hidden"]:
    """Whether a neuron does anything: its largest weights in and out multiply to above 0.05."""
    inward, outward = snapshot.encoder.abs().amax(-1), snapshot.decoder.abs().amax(-1)
    return inward * outward > DEAD


def mostly_alive(snapshot: Snapshot) -> bool:
    """Whether more than half of each instance's neurons are alive, so that there is a verdict."""
    return bool((2 * alive(snapshot).sum(-1) > snapshot.hidden_sizes).all())


def takes_part(snapshot: Snapshot) -> Bool[Tensor, "inst hidden feat"]:
    """Which features take part in a neuron: input weights above 0.2 of its largest."""
    return _relative(snapshot) > SHARE


def _relative(snapshot: Snapshot) -> Float[Tensor, "inst hidden feat"]:
    """Magnitudes of a neuron's input weights over its largest; 0 for dead neurons."""
    living = alive(snapshot)[..., None]
    return torch.where(living, snapshot.encoder.abs() / _largest(snapshot), 0)


def features_per_neuron(snapshot: Snapshot) -> Float[Tensor, "inst hidden"]:
    """How many features take part in each neuron; 0 if it is dead."""
    return takes_part(snapshot).sum(-1).to(snapshot.W.dtype)


def monosemantic(snapshot: Snapshot) -> Float[Tensor, " inst"]:
    """How many neurons have one feature."""
    return (features_per_neuron(snapshot) == 1).sum(-1).to(snapshot.W.dtype)


def polysemantic(snapshot: Snapshot) -> Float[Tensor, " inst"]:
    """How many neurons have several features."""
    return (features_per_neuron(snapshot) > 1).sum(-1).to(snapshot.W.dtype)


def monosemantic_fraction(snapshot: Snapshot) -> Float[Tensor, " inst"]:
    """Neurons with one feature over those that are not dead; 0 where all are dead."""
    living = alive(snapshot).sum(-1).clamp(min=1)
    return monosemantic(snapshot).double() / living  # 36 of 40 are 0.9, and no less


def participation(snapshot: Snapshot) -> Float[Tensor, "inst hidden"]:
    r"""Effective number of features of each neuron, :math:`(\sum_i W_{ji}^2)^2 / \sum_i W_{ji}^4`.

    1 if all weight is on one feature, k if on k alike; 0 for a dead neuron.
    """
    squares = _relative(snapshot).square()
    return squares.sum(-1).square() / squares.square().sum(-1).clamp(min=1)


def polysemanticity_entropy(snapshot: Snapshot) -> Float[Tensor, "inst hidden"]:
    r"""Entropy in nats of a neuron's input weights, :math:`-\sum_i q_i \ln q_i`.

    With :math:`q_i = |W_{ji}| / \sum_k |W_{jk}|`: 0 for one feature, ln n for n alike; 0 for a dead
    neuron.
    """
    size = _relative(snapshot)
    share = size / size.sum(-1, keepdim=True).clamp(min=1)
    return torch.special.entr(share).sum(-1)


def second_weight(snapshot: Snapshot) -> Float[Tensor, "inst hidden"]:
    """A neuron's second largest input weight over its largest; 0 if it is dead.

    The paper's neurons have one large primary weight and several small secondary ones.
    """
    return _relative(snapshot).sort(-1, descending=True).values[..., 1:2].sum(-1)


def mean_entropy(snapshot: Snapshot) -> Float[Tensor, " inst"]:
    """Polysemanticity entropy averaged over living neurons; 0 where all are dead."""
    living = alive(snapshot).sum(-1).clamp(min=1)
    return polysemanticity_entropy(snapshot).sum(-1) / living


def arranged(snapshot: Snapshot) -> Snapshot:
    """Neurons in the order of the importance of the feature with their largest input weight.

    Of two with the same feature the one with the positive weight comes first; dead ones are last.
    """
    main = snapshot.encoder.abs().argmax(-1, keepdim=True)
    rank = snapshot.importance.argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)
    place = rank.gather(-1, main[..., 0]) + 0.5 * (snapshot.encoder.gather(-1, main)[..., 0] < 0)
    order = torch.where(alive(snapshot), place, torch.inf).argsort(dim=-1, stable=True)
    rows = order[..., None].expand_as(snapshot.encoder)
    return snapshot.with_weights(
        encoder=snapshot.encoder.gather(1, rows),
        decoder=snapshot.decoder.gather(1, rows),
        hidden_bias=snapshot.hidden_bias.gather(1, order),
    )


def with_neurons(snapshot: Snapshot) -> Snapshot:
    """The instances whose hidden layer is not linear; all where none has neurons."""
    kept = snapshot.where(lambda i: snapshot.hidden_activation[i] != "identity")
    return kept if len(kept) else snapshot
