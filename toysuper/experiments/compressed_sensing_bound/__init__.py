"""The experiment compressed_sensing_bound."""
