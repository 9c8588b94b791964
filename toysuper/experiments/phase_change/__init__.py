"""The experiment phase_change."""
