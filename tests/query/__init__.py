"""The query languages: readers, check and the oracle that says what they mean."""
