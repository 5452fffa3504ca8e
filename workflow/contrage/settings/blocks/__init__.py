"""The blocks of the configuration as frozen dataclasses; defaults stand in the schema."""
