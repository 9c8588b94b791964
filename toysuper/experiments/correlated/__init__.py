"""The experiment correlated."""
