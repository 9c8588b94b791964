"""Distributions of features. A new distribution is one new file."""

from toysuper.features.active_sets import ActiveSets
from toysuper.features.anticorrelated_sets import AnticorrelatedSets
from toysuper.features.base import Features
from toysuper.features.correlated_sets import CorrelatedSets
from toysuper.features.exactly_k import ExactlyK
from toysuper.features.gated import Gated
from toysuper.features.gaussian_copula import GaussianCopula
from toysuper.features.hierarchical import Hierarchical
from toysuper.features.one_hot import OneHot
from toysuper.features.sparse_exponential import SparseExponential
from toysuper.features.sparse_power_law import SparsePowerLaw
from toysuper.features.sparse_uniform import SparseUniform

__all__ = [
    "ActiveSets",
    "AnticorrelatedSets",
    "CorrelatedSets",
    "ExactlyK",
    "Features",
    "Gated",
    "GaussianCopula",
    "Hierarchical",
    "OneHot",
    "SparseExponential",
    "SparsePowerLaw",
    "SparseUniform",
]
