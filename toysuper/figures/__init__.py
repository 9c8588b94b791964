"""Snapshot -> matplotlib Figure. A new figure is one new file."""

from toysuper.experiments.abs_sparsity_sweep.figure import neurons_over_training
from toysuper.experiments.adversarial_training.figure import adversarial_training
from toysuper.experiments.asymmetric_motif.figure import asymmetric_motif
from toysuper.experiments.compressed_sensing_bound.figure import compressed_sensing_bound
from toysuper.experiments.correlated.figure import set_angles
from toysuper.experiments.energy_levels.figure import energy_levels
from toysuper.experiments.loss_decomposition.figure import loss_decomposition
from toysuper.experiments.mcgrath_surface import loss_surface
from toysuper.experiments.no_superposition.figure import no_superposition
from toysuper.experiments.nonlinear_compression.figure import nonlinear_compression
from toysuper.experiments.octahedron.figure import octahedron_stages
from toysuper.experiments.pentagon_to_digons.figure import pentagon_to_digons
from toysuper.experiments.phase_change.figure import phase_diagram
from toysuper.experiments.pressure.figure import pressure
from toysuper.experiments.uniform_superposition.dimensions import dimensions
from toysuper.experiments.uniform_superposition.gains import gains
from toysuper.experiments.uniform_superposition.vulnerability import vulnerability
from toysuper.figures.directions_2d import plane
from toysuper.figures.directions_3d import solid
from toysuper.figures.geometry_graph import geometry_graph
from toysuper.figures.gram import gram
from toysuper.figures.network_graph import network_graph
from toysuper.figures.neuron_stacks import absolute_stacks, neuron_stacks
from toysuper.figures.seeds_side_by_side import solutions
from toysuper.figures.weight_matrices import weight_matrices

__all__ = [
    "absolute_stacks",
    "adversarial_training",
    "asymmetric_motif",
    "compressed_sensing_bound",
    "dimensions",
    "energy_levels",
    "gains",
    "geometry_graph",
    "gram",
    "loss_decomposition",
    "loss_surface",
    "network_graph",
    "neuron_stacks",
    "neurons_over_training",
    "no_superposition",
    "nonlinear_compression",
    "octahedron_stages",
    "pentagon_to_digons",
    "phase_diagram",
    "plane",
    "pressure",
    "set_angles",
    "solid",
    "solutions",
    "vulnerability",
    "weight_matrices",
]
