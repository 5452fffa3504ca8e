"""MNI152: its files, its checksums, its grids."""
