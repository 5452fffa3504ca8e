"""What led to an image: sidecars, the description of the data set, the methods in words."""
