"""A trained row as a model for new scans: exported, opened, predicted with."""
