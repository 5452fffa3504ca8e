"""contrage: contrastive regression losses for brain age, from raw scans to a benchmark report."""

__version__ = "1.0.0"
