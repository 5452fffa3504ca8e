"""What became of a scan: measured, compared with the limits, drawn."""
