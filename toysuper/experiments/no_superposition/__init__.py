"""The experiment no_superposition."""
