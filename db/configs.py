"""A company's configuration: every version kept, every change audited, no change lost to another at the same time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from core.config import CompanyConfig
from core.errors import Conflict, NotFound
from core.redaction import mask_values
from db import audit
from db.pages import Page, page_of, page_parameters
from db.pool import Connection
from db.query import fetch_dict, fetch_dicts, fetch_value

# Reads the version in force.
_LOAD: Final = """
    SELECT version, config FROM company_configs WHERE company_id = %(company_id)s ORDER BY version DESC LIMIT 1
"""

# Lets one change of a company's configuration happen at a time; rows that only refer to the company do not wait.
_LOCK: Final = "SELECT 1 FROM companies WHERE company_id = %(company_id)s FOR NO KEY UPDATE"

# Adds a version.
_SAVE: Final = """
    INSERT INTO company_configs (company_id, version, config, created_at, created_by)
    VALUES (%(company_id)s, %(version)s, %(config)s, %(now)s, %(actor)s)
"""

# Reads a page of versions, newest first.
_HISTORY: Final = """
    SELECT version, config, created_at, created_by FROM company_configs
    WHERE company_id = %(company_id)s AND (%(cursor_key)s::int IS NULL OR version < %(cursor_key)s::int)
    ORDER BY version DESC LIMIT %(limit)s
"""

_CREDENTIALS: Final = ("webhook_url",)
"""How the names of settings end whose whole value is a credential, or may hold one."""


@dataclass(frozen=True, slots=True)
class StoredConfig:
    """A configuration and its version; version 0 stands for the defaults of a company that never saved one."""

    version: int
    config: CompanyConfig


async def load(connection: Connection, company_id: str) -> StoredConfig:
    """Return the configuration in force."""
    row = await fetch_dict(connection, _LOAD, {"company_id": company_id})
    if row is None:
        return StoredConfig(0, CompanyConfig())
    return StoredConfig(row["version"], CompanyConfig.model_validate(row["config"]))


async def save(
    connection: Connection,
    company_id: str,
    config: CompanyConfig,
    actor: str,
    now: datetime,
    *,
    expected_version: int | None = None,
    trace_id: str | None = None,
) -> int:
    """Store a new version with an audit entry of what changed; returns its number.

    Raises:
        Conflict: `expected_version` is given and is not the one in force.
        NotFound: there is no such company.
    """
    if await fetch_value(connection, _LOCK, {"company_id": company_id}) is None:
        raise NotFound("There is no such company.")
    current = await load(connection, company_id)
    if expected_version is not None and expected_version != current.version:
        raise Conflict(f"The configuration is at version {current.version}, not {expected_version}.")
    document = config.model_dump(mode="json")
    row = {"company_id": company_id, "version": current.version + 1, "config": Jsonb(document)}
    await connection.execute(_SAVE, {**row, "now": now, "actor": actor})
    detail = {"version": current.version + 1, "changes": changes(current.config.model_dump(mode="json"), document)}
    await audit.record(connection, company_id, actor, "config.updated", "config", detail, trace_id)
    return current.version + 1


async def history(connection: Connection, company_id: str, cursor: str | None = None, limit: int = 50) -> Page:
    """Return a page of versions: `version`, `config`, `created_at`, `created_by`; newest first."""
    rows = await fetch_dicts(connection, _HISTORY, {"company_id": company_id, **page_parameters(cursor, limit)})
    return page_of(rows, limit, key="version")


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return `{path, before, after}` of each setting that differs, with secrets and personal data masked."""
    return [
        {"path": path, "before": _shown(path, before), "after": _shown(path, after)}
        for path, before, after in _differences(old, new, "")
    ]


def _differences(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any, Any]]:
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _differences(before, after, f"{prefix}{key}.")
        elif before != after:
            yield f"{prefix}{key}", before, after


def _shown(path: str, value: Any) -> Any:
    if path.endswith(_CREDENTIALS):
        return None if value is None else "[secret]"
    return mask_values(value)
