"""The job engine: it selects, applies in chunks, records, and knows no nouns."""
