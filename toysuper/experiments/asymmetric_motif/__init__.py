"""The experiment asymmetric_motif."""
