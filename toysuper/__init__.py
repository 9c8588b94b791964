"""Toy Models of Superposition, on your own machine.

``toysuper.fit("intro")`` trains an experiment and returns a Snapshot of its models. The names below
are imported when they are first used, so that ``toysuper --help`` waits for no torch.
"""

from importlib import import_module

__version__ = "0.1.0"
__docformat__ = "google"  # for pdoc

_MODULES = {
    "Claim": "claims",
    "EnsembleModule": "training.module",
    "Grid": "data",
    "Snapshot": "snapshot",
    "SyntheticData": "data",
    "ToyModel": "models",
    "fit": "python",
    "load": "python",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module 'toysuper' has no attribute '{name}'")
    return getattr(import_module(f"toysuper.{_MODULES[name]}"), name)
