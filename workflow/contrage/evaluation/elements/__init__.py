"""Evaluations: each reads predictions or images of an experiment and writes one table."""
