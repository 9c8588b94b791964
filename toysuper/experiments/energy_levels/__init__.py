"""The experiment energy_levels."""
