"""Targets of which some are rare: weights of scans, and features smoothed between labels.

Both act where a head learns to predict, and in training alone (Yang et al., "Delving into deep
imbalanced regression", ICML 2021; code: YyzHarry/imbalanced-regression).
"""
