"""Probe, metrics, statistics, baselines."""
