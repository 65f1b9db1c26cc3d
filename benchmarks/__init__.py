"""Ratios, never absolute promises: both sides of every number are measured in one start of `make bench`."""
