"""The experiment pressure."""
