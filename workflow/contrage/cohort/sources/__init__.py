"""Where a cohort comes from: one source, one file."""
