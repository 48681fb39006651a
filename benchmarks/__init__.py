"""Measurements, each one command: see `make help`."""
