"""The table of the pgvector backend, made whenever the extension is there: that may be long after the migrations ran.

A server without pgvector is fine for the other backends; whoever asks for this one is told (knowledge/stores).
"""

from pathlib import Path
from typing import Any, Final

import psycopg

_SCRIPT: Final = Path(__file__).parent / "migrations" / "pgvector.sql"

# Tells whether the table is there, the extension installed, and its files on the server.
_STANDING: Final = """
    SELECT to_regclass('public.knowledge_vectors_pg') IS NOT NULL,
           EXISTS (SELECT FROM pg_extension WHERE extname = 'vector'),
           EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector')
"""

# Bounds how long writers may have to wait behind the making of the table.
_LOCK_TIMEOUT: Final = "SET LOCAL lock_timeout = '5s'"

# Installs the extension; its author lets a superuser alone do that.
_INSTALL: Final = "CREATE EXTENSION IF NOT EXISTS vector"


def ensure_vectors(connection: psycopg.Connection[Any]) -> bool:
    """Make the pgvector table where it is missing and can be made; returns whether it is there.

    It can not without the extension: its files are missing on the server, or the login may not install it. Run
    `migrate` again when an administrator did (`CREATE EXTENSION vector`).

    Raises psycopg.errors.LockNotAvailable when the chunks are too busy.
    """
    row = connection.execute(_STANDING).fetchone()
    assert row is not None
    has_table, installed, available = row
    if has_table:
        return True
    if not installed and not (available and _install(connection)):
        return False
    with connection.transaction():
        connection.execute(_LOCK_TIMEOUT)
        connection.execute(_SCRIPT.read_text(encoding="utf-8"))
    return True


def _install(connection: psycopg.Connection[Any]) -> bool:
    try:
        with connection.transaction():
            connection.execute(_INSTALL)
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True
