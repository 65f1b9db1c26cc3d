"""The SQLite dialect: connections, migrations, statement texts, the emitter of selections, the index."""
