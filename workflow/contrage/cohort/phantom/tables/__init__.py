"""Region tables of nobody with planted truth, in the layouts of the owners of real ones."""
