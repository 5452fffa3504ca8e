"""What sources of cohorts as their owners hand them out have in common."""
