"""What a configuration asks for, and what of it cannot work, known before the first job."""
