"""A table of features, with source `table`: as many as its file has columns of numbers."""

from contrage.modalities._modality import features

MODALITY = features(many="features", title="features")
