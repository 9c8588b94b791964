"""What is measured: streaming sums over held-out batches, and functions of a Snapshot."""

from toysuper.metrics.snapshot import (
    bias,
    dimensionality,
    dimensions_per_feature,
    held_out_loss,
    leverage,
    mean_bias,
    mean_superposition,
    net_interference,
    norm,
    represented,
    superposition,
    superposition_root,
    total_dimensionality,
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
    "mean_bias",
    "mean_superposition",
    "net_interference",
    "norm",
    "represented",
    "superposition",
    "superposition_root",
    "total_dimensionality",
]
