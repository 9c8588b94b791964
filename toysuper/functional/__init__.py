"""Functions of tensors: noise, sampling, losses, geometry, theory. No Lightning, no files."""
