"""One run for each point of axes over a config's keys."""
