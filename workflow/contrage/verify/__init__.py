"""Proof that a report is of the files beside it: everything is compared, or computed again."""
