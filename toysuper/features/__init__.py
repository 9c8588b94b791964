"""What the world is made of. A new distribution is one new file."""

from toysuper.features.active_sets import ActiveSets
from toysuper.features.base import Features
from toysuper.features.sparse_uniform import SparseUniform

__all__ = ["ActiveSets", "Features", "SparseUniform"]
