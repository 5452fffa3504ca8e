"""Who is in each cohort, and when they are seen: one cohort = one file."""
