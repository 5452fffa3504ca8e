"""Files as owners of cohorts hand them out: one owner = one file."""
