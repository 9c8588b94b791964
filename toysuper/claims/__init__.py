"""Snapshot -> measured against expected, one file a section of the paper."""

from toysuper.claims.absolute_sweep import absolute_sweep
from toysuper.claims.adversarial import adversarial, adversarial_training
from toysuper.claims.claim import Claim
from toysuper.claims.computation import (
    absolute_values,
    asymmetric_motif,
    computations,
)
from toysuper.claims.decomposition import decomposition
from toysuper.claims.definitions import invariance
from toysuper.claims.demonstration import demo_a, demo_b, linear
from toysuper.claims.dynamics import energy_levels, octahedron
from toysuper.claims.geometry import graph, pressure, sum_rule
from toysuper.claims.introduction import introduction
from toysuper.claims.pentagon import pentagon_to_digons
from toysuper.claims.phases import loss_surfaces, phase_contours, phases
from toysuper.claims.privileged import privileged_basis
from toysuper.claims.sets import (
    anticorrelated_pairs,
    collapse,
    correlated_pairs,
    hexagon,
    local_bases,
)
from toysuper.claims.simplex import simplex
from toysuper.claims.strategies import (
    compressed_sensing,
    no_superposition,
    nonlinear_compression,
)
from toysuper.claims.uniform import dimensions

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
