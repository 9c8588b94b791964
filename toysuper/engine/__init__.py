"""Compiled steps: from a model, an objective and a world to gradients and metrics."""

from toysuper.engine.clipping import clip
from toysuper.engine.ensemble import EnsembleMetrics, Gradients
from toysuper.engine.stepper import Stepper
from toysuper.engine.update import update_of

__all__ = ["EnsembleMetrics", "Gradients", "Stepper", "clip", "update_of"]
