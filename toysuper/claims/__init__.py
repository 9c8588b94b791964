"""Snapshot -> measured against expected, one file a section of the paper."""

from toysuper.claims.base import Claim
from toysuper.claims.invariance import invariance
from toysuper.claims.sum_rule import graph, pressure, sum_rule
from toysuper.experiments.abs_sparsity_sweep.claims import absolute_sweep
from toysuper.experiments.adversarial_training.claims import adversarial, adversarial_training
from toysuper.experiments.computation import (
    absolute_values,
    asymmetric_motif,
    computations,
)
from toysuper.experiments.correlated.claims import (
    anticorrelated_pairs,
    collapse,
    correlated_pairs,
    hexagon,
    local_bases,
)
from toysuper.experiments.demonstrating_superposition import demo_a, demo_b, linear
from toysuper.experiments.intro import introduction
from toysuper.experiments.loss_decomposition.claims import decomposition
from toysuper.experiments.no_superposition.claims import (
    compressed_sensing,
    no_superposition,
    nonlinear_compression,
)
from toysuper.experiments.octahedron.claims import energy_levels, octahedron
from toysuper.experiments.pentagon_to_digons.claims import pentagon_to_digons
from toysuper.experiments.phase_change.claims import loss_surfaces, phase_contours, phases
from toysuper.experiments.privileged_basis.claims import privileged_basis
from toysuper.experiments.simplex import simplex
from toysuper.experiments.uniform_superposition.claims import dimensions

__all__ = [
    "Claim",
    "absolute_sweep",
    "absolute_values",
    "adversarial",
    "adversarial_training",
    "anticorrelated_pairs",
    "asymmetric_motif",
    "collapse",
    "compressed_sensing",
    "computations",
    "correlated_pairs",
    "decomposition",
    "demo_a",
    "demo_b",
    "dimensions",
    "energy_levels",
    "graph",
    "hexagon",
    "introduction",
    "invariance",
    "linear",
    "local_bases",
    "loss_surfaces",
    "no_superposition",
    "nonlinear_compression",
    "octahedron",
    "pentagon_to_digons",
    "phase_contours",
    "phases",
    "pressure",
    "privileged_basis",
    "simplex",
    "sum_rule",
]
