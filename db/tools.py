"""Tools that companies defined for their conversations: how they are kept, changed and found for a turn.

A secret is stored as the vault encrypted it and leaves this module only for whoever calls the tool; it never enters
the audit log. What is enabled is read per turn, so that a change holds at once.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb
from pydantic import ValidationError

from core.errors import Conflict, NotFound
from core.tools import ToolDefinition
from db import audit
from db.pool import Connection
from db.query import fetch_dict, fetch_dicts, fetch_value

# Reads all tools of a company.
_LIST: Final = """
    SELECT name, definition, secret, enabled, version, updated_at, updated_by FROM tools
    WHERE company_id = %(company_id)s ORDER BY name
"""

# Reads one tool.
_GET: Final = """
    SELECT name, definition, secret, enabled, version, updated_at, updated_by FROM tools
    WHERE company_id = %(company_id)s AND name = %(name)s
"""

# Lets one change of a company's tools happen at a time; rows that only refer to the company do not wait.
_LOCK: Final = "SELECT 1 FROM companies WHERE company_id = %(company_id)s FOR NO KEY UPDATE"

# Tells how many tools there are.
_COUNT: Final = "SELECT count(*) FROM tools WHERE company_id = %(company_id)s"

# Adds a tool, or puts a new definition in the place of the one before; a secret that is not given stays.
_SAVE: Final = """
    INSERT INTO tools (company_id, name, definition, secret, enabled, updated_at, updated_by)
    VALUES (%(company_id)s, %(name)s, %(definition)s, %(secret)s, %(enabled)s, %(now)s, %(actor)s)
    ON CONFLICT (company_id, name) DO UPDATE
    SET definition = excluded.definition, secret = coalesce(excluded.secret, tools.secret),
        enabled = excluded.enabled, version = tools.version + 1, updated_at = excluded.updated_at,
        updated_by = excluded.updated_by
    RETURNING name, definition, secret, enabled, version, updated_at, updated_by
"""

# Removes a tool; its calls stay in the log.
_DELETE: Final = "DELETE FROM tools WHERE company_id = %(company_id)s AND name = %(name)s RETURNING version"

_log = logging.getLogger(__name__)

MAX_TOOLS: Final = 100
"""Tools of one company, MCP servers counted as one each."""


@dataclass(frozen=True, slots=True)
class StoredTool:
    """A tool as it is kept.

    `secret` is encrypted. Without one an HTTP tool is signed with the company's webhook secret, and an MCP server gets
    no token.
    """

    name: str
    definition: ToolDefinition
    secret: bytes | None
    enabled: bool
    version: int
    updated_at: datetime
    updated_by: str


async def valid(connection: Connection, company_id: str) -> list[StoredTool]:
    """Return all tools of a company, by name; one that is not valid any more is left out, and named in the log."""
    found = []
    for row in await fetch_dicts(connection, _LIST, {"company_id": company_id}):
        try:
            found.append(_tool(row))
        except ValidationError:
            _log.error("a stored tool is not valid", extra={"company_id": company_id, "tool": row["name"]})
    return found


async def list_(connection: Connection, company_id: str) -> list[StoredTool]:
    """Return all tools of a company, by name; there are at most `MAX_TOOLS`."""
    return [_tool(row) for row in await fetch_dicts(connection, _LIST, {"company_id": company_id})]


async def get(connection: Connection, company_id: str, name: str) -> StoredTool | None:
    """Return one tool, or None."""
    row = await fetch_dict(connection, _GET, {"company_id": company_id, "name": name})
    return None if row is None else _tool(row)


async def save(
    connection: Connection,
    company_id: str,
    definition: ToolDefinition,
    *,
    secret: bytes | None,
    enabled: bool = True,
    actor: str,
    now: datetime,
    expected_version: int | None = None,
    trace_id: str | None = None,
) -> StoredTool:
    """Add a tool or replace its definition, with an audit entry; returns it as it is kept now.

    `secret` is encrypted already; None keeps the one there is. With `expected_version` (0: a new one) nothing is
    overwritten that somebody else changed meanwhile.

    Raises:
        Conflict: the tool is at another version, or the company has `MAX_TOOLS` others.
        NotFound: there is no such company.
    """
    if await fetch_value(connection, _LOCK, {"company_id": company_id}) is None:
        raise NotFound("There is no such company.")
    before = await get(connection, company_id, definition.name)
    version = before.version if before else 0
    if expected_version is not None and expected_version != version:
        raise Conflict(f"The tool is at version {version}, not {expected_version}.")
    if before is None and await fetch_value(connection, _COUNT, {"company_id": company_id}) >= MAX_TOOLS:
        raise Conflict(f"A company has at most {MAX_TOOLS} tools.")
    row = {"company_id": company_id, "name": definition.name, "definition": Jsonb(definition.model_dump(mode="json"))}
    row |= {"secret": secret, "enabled": enabled, "now": now, "actor": actor}
    stored = await fetch_dict(connection, _SAVE, row)
    assert stored is not None
    detail = {"version": stored["version"], "kind": definition.kind, "enabled": enabled, "new_secret": bool(secret)}
    await audit.record(connection, company_id, actor, "tool.saved", definition.name, detail, trace_id)
    return _tool(stored)


async def delete(
    connection: Connection, company_id: str, name: str, *, actor: str, trace_id: str | None = None
) -> bool:
    """Remove a tool, with an audit entry; returns whether there was one."""
    version = await fetch_value(connection, _DELETE, {"company_id": company_id, "name": name})
    if version is not None:
        await audit.record(connection, company_id, actor, "tool.deleted", name, {"version": version}, trace_id)
    return version is not None


def _tool(row: dict[str, Any]) -> StoredTool:
    return StoredTool(**{**row, "definition": ToolDefinition.model_validate(row["definition"])})
