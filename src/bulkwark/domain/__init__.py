"""Nouns and rules: roles, metadata, jobs. Pure: no store, no HTTP, no clock of its own."""
