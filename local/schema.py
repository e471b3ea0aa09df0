"""Everything that must exist in PostgreSQL before a process starts: our tables, and the graph's checkpoints."""

import asyncio


def migrate_all(url: str, product_url: str | None = None) -> None:
    """Bring a database up to date; safe to run by several at once, and again. The login of `url` must own its schema.

    `product_url` is the one that the processes use: when its login is another one, it is granted the product's roles.
    """
    from db.migrate import login_of, migrate
    from graph.checkpoints import setup

    login = login_of(product_url) if product_url else None
    migrate(url, logins=(login,) if login and login != login_of(url) else ())
    asyncio.run(setup(url))
