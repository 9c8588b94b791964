"""Torch in, torch out: noise, sampling, losses, geometry, theory. No Lightning, no files."""
