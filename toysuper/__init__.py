"""Toy Models of Superposition, on your own machine."""

__version__ = "0.1.0"
__docformat__ = "google"  # for pdoc
