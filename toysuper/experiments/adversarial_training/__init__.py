"""The experiment adversarial_training."""
