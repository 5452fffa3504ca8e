"""Encoders, views, the training loop, embedding."""
