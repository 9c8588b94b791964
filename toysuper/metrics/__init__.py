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
    represented,
    superposition,
    superposition_root,
    total_dimensionality,
)
from toysuper.metrics.neurons import (
    mean_entropy,
    monosemantic,
    monosemantic_fraction,
    participation_ratio,
    polysemantic,
    polysemanticity_entropy,
)
from toysuper.metrics.streaming import FeatureLoss, FeatureMean, FiringRate

__all__ = [
    "FeatureLoss",
    "FeatureMean",
    "FiringRate",
    "bias",
    "dimensionality",
    "dimensions_per_feature",
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
    "participation_ratio",
    "polysemantic",
    "polysemanticity_entropy",
    "represented",
    "superposition",
    "superposition_root",
    "total_dimensionality",
]
