"""Languages in, one tree, checked against an index's fields. Pure: no store, no HTTP, no clock."""
