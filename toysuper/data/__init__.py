"""What an ensemble sees: grids of instances, batches, and the LightningDataModule."""
