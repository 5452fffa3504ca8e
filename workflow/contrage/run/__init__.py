"""Around a run: what it found, and what earlier ones left."""
