"""The brain-age gap: its correction for age, its difference between groups, its slope in time."""
