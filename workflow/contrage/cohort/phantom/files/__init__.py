"""Files of nobody with planted truth, in the layouts and file kinds of the owners of real ones."""
