"""From preprocessed images to arrays: stacking, splits, normalisation."""
