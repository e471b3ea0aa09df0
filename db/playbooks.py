"""Playbooks of a company: every version kept, one of each name in force, and the shipped ones beneath them.

`load` runs at every turn: it reads one indexed row. A stored definition that this version of the product cannot read
(an older or newer one wrote it) never stops a turn: the shipped playbook holds, and `Versioned.fault` says why.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from psycopg.types.json import Jsonb
from pydantic import ValidationError

from core.errors import Conflict, NotFound
from core.playbooks import FALLBACK, Playbook, Versioned, parse_playbook, shipped
from db import audit
from db.pages import Page, page_of, page_parameters
from db.pool import Connection
from db.query import change, fetch_dict, fetch_dicts, fetch_value

# Reads the version in force.
_ACTIVE: Final = """
    SELECT version, definition FROM playbooks WHERE company_id = %(company_id)s AND name = %(name)s AND active
"""

# Lists the versions in force.
_LIST: Final = """
    SELECT name, version, definition, created_at, created_by FROM playbooks
    WHERE company_id = %(company_id)s AND active ORDER BY name
"""

# Lets one change of a company's playbooks happen at a time.
_LOCK: Final = "SELECT 1 FROM companies WHERE company_id = %(company_id)s FOR NO KEY UPDATE"

# Finds the latest version of a name, 0 when there is none.
_LATEST: Final = """
    SELECT coalesce(max(version), 0) FROM playbooks WHERE company_id = %(company_id)s AND name = %(name)s
"""

# Takes the version in force out of it.
_DEACTIVATE: Final = """
    UPDATE playbooks SET active = false WHERE company_id = %(company_id)s AND name = %(name)s AND active
"""

# Puts a version into force.
_ACTIVATE: Final = """
    UPDATE playbooks SET active = true
    WHERE company_id = %(company_id)s AND name = %(name)s AND version = %(version)s RETURNING definition
"""

# Adds a version and puts it into force.
_INSERT: Final = """
    INSERT INTO playbooks (company_id, name, version, definition, active, created_at, created_by)
    VALUES (%(company_id)s, %(name)s, %(version)s, %(definition)s, true, %(now)s, %(actor)s)
"""

# Reads a page of a name's versions, newest first.
_HISTORY: Final = """
    SELECT version, definition, active, created_at, created_by FROM playbooks
    WHERE company_id = %(company_id)s AND name = %(name)s
      AND (%(cursor_key)s::int IS NULL OR version < %(cursor_key)s::int)
    ORDER BY version DESC LIMIT %(limit)s
"""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ListedPlaybook:
    """A playbook as a company has it. `source` says whose it is; a shipped one has neither number nor author.

    `definition` is plain data, and `playbook` what it says: a stored one that cannot be read any more is listed all the
    same, with its `fault` and without the latter.
    """

    name: str
    source: Literal["shipped", "company"]
    version: str
    definition: Mapping[str, Any]
    playbook: Playbook | None
    number: int | None = None
    created_at: datetime | None = None
    created_by: str | None = None
    fault: str | None = None


async def load(connection: Connection, company_id: str, name: str) -> Versioned:
    """Return the playbook of that name: the company's version in force, else the shipped one.

    Raises:
        NotFound: there is none of that name (code `unknown_playbook`).
    """
    row = await fetch_dict(connection, _ACTIVE, {"company_id": company_id, "name": name})
    if row is None:
        return _shipped(name)
    playbook, fault = _read(name, row["definition"])
    if playbook is not None:
        return Versioned(playbook, version_of(name, row["version"]))
    _log.warning("playbook.unreadable", extra={"playbook": name, "version": row["version"], "fault": fault})
    stand_in = shipped().get(name) or shipped()[FALLBACK]
    return Versioned(stand_in.playbook, stand_in.version, fault)


async def load_begun(connection: Connection, company_id: str, name: str) -> Versioned:
    """Return the playbook that a conversation under way goes on with: as `load` does, but where that one was withdrawn
    meanwhile and none is shipped of its name, the usual one (`support`), with the reason as its fault."""
    try:
        return await load(connection, company_id, name)
    except UnknownPlaybook:
        stand_in = await load(connection, company_id, FALLBACK)
        return Versioned(stand_in.playbook, stand_in.version, f"{name[:64]} is not in force any more")


async def list_(connection: Connection, company_id: str) -> list[ListedPlaybook]:
    """Return what holds under each name, by name: the company's own, and the shipped ones that it did not replace."""
    rows = await fetch_dicts(connection, _LIST, {"company_id": company_id})
    own = [_listed(row) for row in rows]
    names = {one.name for one in own}
    others = [_listed_shipped(one) for name, one in shipped().items() if name not in names]
    return sorted([*own, *others], key=lambda one: one.name)


async def save(
    connection: Connection,
    company_id: str,
    playbook: Playbook,
    actor: str,
    now: datetime,
    *,
    expected_version: int | None = None,
    trace_id: str | None = None,
) -> int:
    """Store the next version of a playbook and put it into force; returns its number. Audited.

    Raises:
        Conflict: `expected_version` is given and is not the latest number (0: none is stored yet).
        NotFound: there is no such company.
    """
    await _lock(connection, company_id)
    key = {"company_id": company_id, "name": playbook.name}
    latest = int(await fetch_value(connection, _LATEST, key))
    if expected_version is not None and expected_version != latest:
        raise Conflict(f"The playbook is at version {latest}, not {expected_version}.")
    await connection.execute(_DEACTIVATE, key)
    row = {**key, "version": latest + 1, "definition": Jsonb(playbook.model_dump(mode="json"))}
    await connection.execute(_INSERT, {**row, "now": now, "actor": actor})
    detail = {"version": latest + 1, "stages": list(playbook.stages)}
    await audit.record(connection, company_id, actor, "playbook.saved", playbook.name, detail, trace_id)
    return latest + 1


async def activate(
    connection: Connection, company_id: str, name: str, version: int, actor: str, *, trace_id: str | None = None
) -> Versioned:
    """Put an earlier version into force again. Audited.

    Raises:
        Conflict: this product cannot read that version (code `unreadable_playbook`).
        NotFound: there is no such version (code `unknown_playbook`).
    """
    await _lock(connection, company_id)
    key = {"company_id": company_id, "name": name}
    await connection.execute(_DEACTIVATE, key)
    definition = await fetch_value(connection, _ACTIVATE, {**key, "version": version})
    if definition is None:
        raise UnknownPlaybook(f"There is no version {version} of a playbook {name}.")
    playbook, fault = _read(name, definition)
    if playbook is None:
        raise UnreadablePlaybook(f"Version {version} cannot be used: {fault}")
    await audit.record(connection, company_id, actor, "playbook.activated", name, {"version": version}, trace_id)
    return Versioned(playbook, version_of(name, version))


async def withdraw(
    connection: Connection, company_id: str, name: str, actor: str, *, trace_id: str | None = None
) -> None:
    """Take a company's own playbook out of force, so that the shipped one of its name holds again. Audited.

    Its versions stay. Raises NotFound when none is in force (code `unknown_playbook`).
    """
    await _lock(connection, company_id)
    if not await change(connection, _DEACTIVATE, {"company_id": company_id, "name": name}):
        raise UnknownPlaybook(f"No playbook {name} of your own is in force.")
    await audit.record(connection, company_id, actor, "playbook.withdrawn", name, {}, trace_id)


async def history(
    connection: Connection, company_id: str, name: str, cursor: str | None = None, limit: int = 50
) -> Page:
    """Return a page of a name's versions, newest first.

    Items: `version`, `definition`, `active`, `created_at`, `created_by`.
    """
    parameters = {"company_id": company_id, "name": name, **page_parameters(cursor, limit)}
    return page_of(await fetch_dicts(connection, _HISTORY, parameters), limit, key="version")


def version_of(name: str, number: int) -> str:
    """Return the version of a company's own playbook as turns note it."""
    return f"{name}-v{number}"


class UnknownPlaybook(NotFound):
    """There is no playbook of that name, or no such version of it."""

    code = "unknown_playbook"
    title = "There is no such playbook."


class UnreadablePlaybook(Conflict):
    """A stored version that this product cannot read."""

    code = "unreadable_playbook"
    title = "The playbook cannot be read."


async def _lock(connection: Connection, company_id: str) -> None:
    if await fetch_value(connection, _LOCK, {"company_id": company_id}) is None:
        raise NotFound("There is no such company.")


def _shipped(name: str) -> Versioned:
    found = shipped().get(name)
    if found is None:
        raise UnknownPlaybook(f"There is no playbook {name[:64]}.")
    return found


def _read(name: str, definition: Any) -> tuple[Playbook | None, str | None]:
    """Return the playbook, or in one line why it is none."""
    try:
        playbook = parse_playbook(definition)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        return None, f"{'.'.join(map(str, first['loc'])) or 'playbook'}: {first['msg']}"
    return (playbook, None) if playbook.name == name else (None, f"name: it calls itself {playbook.name}")


def _listed(row: Mapping[str, Any]) -> ListedPlaybook:
    playbook, fault = _read(row["name"], row["definition"])
    return ListedPlaybook(
        name=row["name"],
        source="company",
        version=version_of(row["name"], row["version"]),
        definition=row["definition"],
        playbook=playbook,
        number=row["version"],
        created_at=row["created_at"],
        created_by=row["created_by"],
        fault=fault,
    )


def _listed_shipped(one: Versioned) -> ListedPlaybook:
    definition = one.playbook.model_dump(mode="json")
    return ListedPlaybook(one.playbook.name, "shipped", one.version, definition, one.playbook)
