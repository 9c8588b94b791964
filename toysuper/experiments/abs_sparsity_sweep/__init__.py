"""The experiment abs_sparsity_sweep."""
