"""One epoch after another: weights, optimiser, schedule, averages, stopping."""
