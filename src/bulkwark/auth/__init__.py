"""Who is calling, and how much: credentials, tokens, rights, rate limits."""
