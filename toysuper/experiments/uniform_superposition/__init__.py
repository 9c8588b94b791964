"""The experiment uniform_superposition."""
