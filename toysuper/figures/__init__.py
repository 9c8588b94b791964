"""Snapshot -> matplotlib Figure. A new figure is one new file."""

from toysuper.figures.adversarial_training import adversarial_training
from toysuper.figures.asymmetric_motif import asymmetric_motif
from toysuper.figures.compressed_sensing import compressed_sensing_bound
from toysuper.figures.decomposition import loss_decomposition
from toysuper.figures.dimensions import dimensions
from toysuper.figures.energy_levels import energy_levels
from toysuper.figures.gains import gains
from toysuper.figures.geometry_graph import geometry_graph
from toysuper.figures.gram import gram
from toysuper.figures.network_graph import network_graph
from toysuper.figures.neuron_stacks import absolute_stacks, neuron_stacks
from toysuper.figures.neurons_over_training import neurons_over_training
from toysuper.figures.no_superposition import no_superposition
from toysuper.figures.nonlinear_compression import nonlinear_compression
from toysuper.figures.octahedron_stages import octahedron_stages
from toysuper.figures.pentagon import pentagon_to_digons
from toysuper.figures.phases import phase_diagram
from toysuper.figures.plane import plane
from toysuper.figures.pressure import pressure
from toysuper.figures.set_angles import set_angles
from toysuper.figures.solid import solid
from toysuper.figures.solutions import solutions
from toysuper.figures.surface import loss_surface
from toysuper.figures.vulnerability import vulnerability
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
