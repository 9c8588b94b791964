"""What an ensemble sees: the grid of its instances, and batches of sparse features."""

from toysuper.data.batch import Batch
from toysuper.data.curves import Curve, Geometric, LinSpace, LogSpace, Range
from toysuper.data.datamodule import SyntheticData
from toysuper.data.grid import Grid
from toysuper.data.world import World

__all__ = [
    "Batch",
    "Curve",
    "Geometric",
    "Grid",
    "LinSpace",
    "LogSpace",
    "Range",
    "SyntheticData",
    "World",
]
