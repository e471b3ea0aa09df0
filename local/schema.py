"""Everything that must exist in PostgreSQL before a process starts: our tables, and the graph's checkpoints."""

import asyncio


def migrate_all(url: str) -> None:
    """Bring a database up to date; safe to run by several at once, and again. The login must own its schema."""
    from db.migrate import migrate
    from graph.checkpoints import setup

    migrate(url)
    asyncio.run(setup(url))
