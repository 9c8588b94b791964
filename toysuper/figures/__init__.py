"""Figures that several experiments share: functions from a Snapshot to a matplotlib Figure."""

from toysuper.figures.gram_matrices import gram
from toysuper.figures.network import network_graph
from toysuper.figures.plane import directions_2d
from toysuper.figures.polytopes import geometry_graph
from toysuper.figures.seeds import seeds_side_by_side
from toysuper.figures.space import directions_3d
from toysuper.figures.stacks import neuron_stacks
from toysuper.figures.weights import weight_matrices

__all__ = [
    "directions_2d",
    "directions_3d",
    "geometry_graph",
    "gram",
    "network_graph",
    "neuron_stacks",
    "seeds_side_by_side",
    "weight_matrices",
]
