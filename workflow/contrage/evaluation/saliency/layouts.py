"""In which places attributions of a kind of data are added up where no atlas says it."""

BY_LAYOUT = {"table": "features", "regions": "regions", "series": "channels"}
"""Layout of a kind of data → places; of others, where nobody told where they lie, blocks."""
