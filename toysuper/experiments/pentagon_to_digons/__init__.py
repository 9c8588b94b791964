"""The experiment pentagon_to_digons."""
