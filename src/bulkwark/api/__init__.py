"""HTTP and JSON: one table of operations, one dispatcher, one file of handlers for each family."""
