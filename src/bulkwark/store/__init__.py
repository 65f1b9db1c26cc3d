"""Where things are kept. Noun files speak named statements; `sqlite/` is the only room that knows SQLite."""
