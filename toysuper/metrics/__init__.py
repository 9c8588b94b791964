"""Metrics: sums over held-out batches, and functions of a Snapshot."""

from toysuper.metrics.features import (
    bias,
    dimensionality,
    dimensions_per_feature,
    held_out_loss,
    leverage,
    linear_optimum_loss,
    mean_bias,
    mean_superposition,
    net_interference,
    norm,
    objective,
    represented,
    superposition,
    superposition_root,
    total_dimensionality,
)
from toysuper.metrics.neurons import (
    has_neurons,
    mean_entropy,
    monosemantic,
    monosemantic_fraction,
    participation_ratio,
    polysemantic,
    polysemanticity_entropy,
)
from toysuper.metrics.streaming import FeatureLoss, FeatureMean, FiringRate

__all__ = [
    "NEURONS",
    "USUAL",
    "FeatureLoss",
    "FeatureMean",
    "FiringRate",
    "bias",
    "dimensionality",
    "dimensions_per_feature",
    "has_neurons",
    "held_out_loss",
    "leverage",
    "linear_optimum_loss",
    "mean_bias",
    "mean_entropy",
    "mean_superposition",
    "monosemantic",
    "monosemantic_fraction",
    "net_interference",
    "norm",
    "objective",
    "participation_ratio",
    "polysemantic",
    "polysemanticity_entropy",
    "represented",
    "superposition",
    "superposition_root",
    "total_dimensionality",
]

USUAL = (
    held_out_loss,
    linear_optimum_loss,
    represented,
    dimensions_per_feature,
    total_dimensionality,
    mean_superposition,
    mean_bias,
    superposition,
    dimensionality,
)
"""Metrics of every run, in TensorBoard and in ``instances.csv``; configs add to them."""
NEURONS = (
    monosemantic,
    polysemantic,
    monosemantic_fraction,
    mean_entropy,
    participation_ratio,
    polysemanticity_entropy,
)
"""Metrics of runs whose models have neurons."""
