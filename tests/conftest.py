from __future__ import annotations

pytest_plugins = ["tests.process.server", "tests.house", "tests.api.browsing"]
