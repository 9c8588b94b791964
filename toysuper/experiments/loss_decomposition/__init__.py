"""The experiment loss_decomposition."""
