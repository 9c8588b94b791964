"""How an ensemble is trained with Lightning."""
