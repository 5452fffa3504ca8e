"""The embedded cohort: a digital phantom of five elastography studies."""
