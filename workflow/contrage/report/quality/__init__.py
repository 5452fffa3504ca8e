"""The quality page of a cohort: every scan with its metrics and its picture."""
