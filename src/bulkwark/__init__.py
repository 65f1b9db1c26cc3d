"""Bulkwark: an access-governance server for changes in bulk."""

__version__ = "0.1.0"
