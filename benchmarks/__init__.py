"""Measurements of speed, run by `make bench`. They compare within one run; tests never time anything."""
