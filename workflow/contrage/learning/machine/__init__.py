"""The machine a training runs on: devices, precision, processes. It knows no training."""
