"""From a model and a world to gradients, as fast as the machine allows. No Lightning here."""

from toysuper.engine.clip import clip
from toysuper.engine.ensemble import Gradients, Measures
from toysuper.engine.stepper import Stepper
from toysuper.engine.update import update_of

__all__ = ["Gradients", "Measures", "Stepper", "clip", "update_of"]
