"""Train one run for each value of keys of a config."""
