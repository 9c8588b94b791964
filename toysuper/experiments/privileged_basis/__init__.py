"""The experiment privileged_basis."""
