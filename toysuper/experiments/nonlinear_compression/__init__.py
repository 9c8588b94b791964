"""The experiment nonlinear_compression."""
