"""When to measure, draw and record; never how."""
