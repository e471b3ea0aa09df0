"""Success baselines: versions of each, one active per company."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from core.baselines import Baseline
from core.errors import NotFound
from core.ids import new_id
from db import audit
from db.pool import Connection
from db.query import fetch_dict, fetch_dicts, fetch_value

# Reads the baseline in force.
_ACTIVE: Final = "SELECT baseline FROM baselines WHERE company_id = %(company_id)s AND active"

# Lists every version, newest first.
_LIST: Final = """
    SELECT baseline_id, version, baseline, active, created_at, created_by FROM baselines
    WHERE company_id = %(company_id)s ORDER BY created_at DESC, baseline_id DESC, version DESC
"""

# Lets one change of a company's baselines happen at a time.
_LOCK: Final = "SELECT 1 FROM companies WHERE company_id = %(company_id)s FOR NO KEY UPDATE"

# Finds the latest version of the baseline of a name.
_LATEST: Final = """
    SELECT baseline_id, version FROM baselines
    WHERE company_id = %(company_id)s AND baseline ->> 'name' = %(name)s ORDER BY version DESC LIMIT 1
"""

# Takes the active one out of force.
_DEACTIVATE: Final = "UPDATE baselines SET active = false WHERE company_id = %(company_id)s AND active"

# Adds a version and puts it into force.
_INSERT: Final = """
    INSERT INTO baselines (company_id, baseline_id, version, baseline, active, created_at, created_by)
    VALUES (%(company_id)s, %(baseline_id)s, %(version)s, %(baseline)s, true, %(now)s, %(actor)s)
"""


@dataclass(frozen=True, slots=True)
class StoredBaseline:
    """A version of a baseline."""

    baseline_id: str
    version: int
    baseline: Baseline
    active: bool
    created_at: datetime
    created_by: str


async def active(connection: Connection, company_id: str) -> Baseline | None:
    """Return the baseline in force, or None."""
    document = await fetch_value(connection, _ACTIVE, {"company_id": company_id})
    return None if document is None else Baseline.model_validate(document)


async def list_(connection: Connection, company_id: str) -> list[StoredBaseline]:
    """Return every version of every baseline, newest first."""
    return [_stored(row) for row in await fetch_dicts(connection, _LIST, {"company_id": company_id})]


async def save(
    connection: Connection,
    company_id: str,
    baseline: Baseline,
    actor: str,
    now: datetime,
    *,
    trace_id: str | None = None,
) -> StoredBaseline:
    """Store a baseline and put it into force; one of the same name becomes its next version. Audited.

    Raises NotFound when there is no such company.
    """
    if await fetch_value(connection, _LOCK, {"company_id": company_id}) is None:
        raise NotFound("There is no such company.")
    latest = await fetch_dict(connection, _LATEST, {"company_id": company_id, "name": baseline.name})
    baseline_id, version = (latest["baseline_id"], latest["version"] + 1) if latest else (new_id(), 1)
    await connection.execute(_DEACTIVATE, {"company_id": company_id})
    row = {"company_id": company_id, "baseline_id": baseline_id, "version": version, "actor": actor, "now": now}
    await connection.execute(_INSERT, {**row, "baseline": Jsonb(baseline.model_dump(mode="json"))})
    action = "baseline.created" if version == 1 else "baseline.updated"
    detail = {"version": version, "name": baseline.name, "steps": [step.key for step in baseline.steps]}
    await audit.record(connection, company_id, actor, action, baseline_id, detail, trace_id)
    return StoredBaseline(baseline_id, version, baseline, True, now, actor)


def _stored(row: dict[str, Any]) -> StoredBaseline:
    return StoredBaseline(**{**row, "baseline": Baseline.model_validate(row["baseline"])})
