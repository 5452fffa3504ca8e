"""A model on a page of one's own machine: a scan is dropped, its prediction shown."""
