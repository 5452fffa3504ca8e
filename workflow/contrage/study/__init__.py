"""A study's page: finished tables of its experiments, put side by side."""
