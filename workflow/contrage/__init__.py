"""contrage: contrastive regression losses for brain age, from raw scans to a benchmark report."""

__version__ = "0.1.0"
