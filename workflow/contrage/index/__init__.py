"""One page over all experiments and studies of a results folder, two of which it compares."""
