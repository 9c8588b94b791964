"""Snapshot -> matplotlib Figure. A new figure is one new file."""

from toysuper.figures.decomposition import loss_decomposition
from toysuper.figures.dimensions import dimensions
from toysuper.figures.gram import gram
from toysuper.figures.pentagon import pentagon_to_digons
from toysuper.figures.phases import phase_diagram
from toysuper.figures.plane import plane
from toysuper.figures.set_angles import set_angles
from toysuper.figures.solutions import solutions
from toysuper.figures.surface import loss_surface

__all__ = [
    "dimensions",
    "gram",
    "loss_decomposition",
    "loss_surface",
    "pentagon_to_digons",
    "phase_diagram",
    "plane",
    "set_angles",
    "solutions",
]
