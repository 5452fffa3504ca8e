"""The brain-age gap: its correction for age, its difference between groups, its slope in time."""

CONTROL = "mean"
"""The baseline whose gaps are the control of noise: all that they know of anyone is the age."""
ALL = "all"
"""What tables call people of one cohort alone."""
