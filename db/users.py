"""Users and their sessions: when they were seen, what they allow, and who an anonymous visitor turned out to be."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson

from db import conversation_moves, profile_facts
from db.pool import Connection
from db.query import fetch_one, fetch_value

# The page of a user's latest session; read by the index of recent sessions, so `since` bounds what is looked at.
_LAST_PAGE: Final = """
    SELECT last_page_url FROM sessions
    WHERE company_id = %(company_id)s AND user_id = %(user_id)s AND last_seen_at > %(since)s
      AND last_page_url IS NOT NULL
    ORDER BY last_seen_at DESC LIMIT 1
"""

# Adds the users of a batch, or moves on when they were last seen; a batch that comes again changes nothing.
_TOUCH_USERS: Final = """
    INSERT INTO users (company_id, user_id, anonymous, traits, first_seen_at, last_seen_at)
    SELECT company_id, user_id, anonymous, traits::jsonb, first_at, last_at
    FROM unnest(%(company_id)s::uuid[], %(user_id)s::text[], %(anonymous)s::bool[], %(traits)s::text[],
                %(first_at)s::timestamptz[], %(last_at)s::timestamptz[])
         AS seen (company_id, user_id, anonymous, traits, first_at, last_at)
    ON CONFLICT (company_id, user_id) DO UPDATE
    SET first_seen_at = least(users.first_seen_at, excluded.first_seen_at),
        last_seen_at = greatest(users.last_seen_at, excluded.last_seen_at),
        traits = users.traits || excluded.traits
    WHERE excluded.last_seen_at > users.last_seen_at OR excluded.first_seen_at < users.first_seen_at
       OR NOT users.traits @> excluded.traits
"""

# Adds the sessions of a batch, or moves on when and where they were last seen.
_TOUCH_SESSIONS: Final = """
    INSERT INTO sessions (company_id, session_id, user_id, started_at, last_seen_at, last_page_url)
    SELECT * FROM unnest(%(company_id)s::uuid[], %(session_id)s::text[], %(user_id)s::text[],
                         %(first_at)s::timestamptz[], %(last_at)s::timestamptz[], %(page_url)s::text[])
    ON CONFLICT (company_id, session_id, user_id) DO UPDATE
    SET started_at = least(sessions.started_at, excluded.started_at),
        last_seen_at = greatest(sessions.last_seen_at, excluded.last_seen_at),
        last_page_url = CASE WHEN excluded.last_seen_at >= sessions.last_seen_at
                             THEN coalesce(excluded.last_page_url, sessions.last_page_url)
                             ELSE sessions.last_page_url END
    WHERE excluded.last_seen_at > sessions.last_seen_at OR excluded.started_at < sessions.started_at
"""

# Reads what restraint must know of a user.
_STANDING: Final = """
    SELECT consent, do_not_disturb, snoozed_at, snoozed_until, anonymous, traits, merged_into, first_seen_at
    FROM users WHERE company_id = %(company_id)s AND user_id = %(user_id)s
"""

# Marks an anonymous visitor, or one never seen before, as the identified user; a second identity is refused.
_MARK_MERGED: Final = """
    INSERT INTO users (company_id, user_id, anonymous, merged_into, first_seen_at, last_seen_at)
    VALUES (%(company_id)s, %(anonymous_id)s, true, %(user_id)s, %(now)s, %(now)s)
    ON CONFLICT (company_id, user_id) DO UPDATE SET merged_into = excluded.merged_into
    WHERE users.anonymous AND (users.merged_into IS NULL OR users.merged_into = excluded.merged_into)
    RETURNING user_id
"""

# Gives the identified user what the visitor said of himself; of two wishes the stricter one holds.
_INHERIT: Final = """
    INSERT INTO users (company_id, user_id, traits, consent, do_not_disturb, snoozed_at, snoozed_until, remembers,
                       asked_to_remember_at, first_seen_at, last_seen_at)
    SELECT company_id, %(user_id)s, traits, consent, do_not_disturb, snoozed_at, snoozed_until, remembers,
           asked_to_remember_at, first_seen_at, last_seen_at
    FROM users WHERE company_id = %(company_id)s AND user_id = %(anonymous_id)s
    ON CONFLICT (company_id, user_id) DO UPDATE
    SET traits = excluded.traits || users.traits,
        consent = users.consent AND excluded.consent,
        do_not_disturb = users.do_not_disturb OR excluded.do_not_disturb,
        snoozed_at = greatest(users.snoozed_at, excluded.snoozed_at),
        snoozed_until = greatest(users.snoozed_until, excluded.snoozed_until),
        remembers = CASE WHEN users.remembers IS FALSE OR excluded.remembers IS FALSE THEN false
                         ELSE coalesce(users.remembers, excluded.remembers) END,
        asked_to_remember_at = coalesce(users.asked_to_remember_at, excluded.asked_to_remember_at),
        first_seen_at = least(users.first_seen_at, excluded.first_seen_at)
"""

# Hands over what the visitor has not seen yet.
_MOVE_NUDGES: Final = """
    UPDATE nudges SET user_id = %(user_id)s
    WHERE company_id = %(company_id)s AND user_id = %(anonymous_id)s AND status IN ('pending', 'sent')
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """One sign of life: a user in a session at a time. `traits` are what the host said of the user, if anything."""

    company_id: str
    user_id: str
    session_id: str
    at: datetime
    page_url: str | None = None
    anonymous: bool = False
    traits: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UserStanding:
    """What restraint must know of a user; the defaults are those of somebody never seen before."""

    consent: bool = True
    do_not_disturb: bool = False
    snoozed_at: datetime | None = None
    snoozed_until: datetime | None = None
    anonymous: bool = False
    traits: dict[str, Any] = field(default_factory=dict)
    merged_into: str | None = None
    first_seen_at: datetime | None = None


async def touch(connection: Connection, rows: Sequence[Seen]) -> None:
    """Add the users and sessions of a batch, or move on when they were last seen; two statements however many."""
    if not rows:
        return
    ordered = sorted(rows, key=lambda row: row.at)
    users = _grouped(ordered, lambda row: (row.company_id, row.user_id))
    sessions = _grouped(ordered, lambda row: (row.company_id, row.session_id, row.user_id))
    await connection.execute(_TOUCH_USERS, _user_columns(users))
    await connection.execute(_TOUCH_SESSIONS, _session_columns(sessions))


async def standing(connection: Connection, company_id: str, user_id: str) -> UserStanding:
    """Return what restraint must know of a user."""
    values = {"company_id": company_id, "user_id": user_id}
    return await fetch_one(connection, UserStanding, _STANDING, values) or UserStanding()


async def last_page(connection: Connection, company_id: str, user_id: str, since: datetime) -> str | None:
    """Return the address of the page that a user was seen on last, since a moment; None where nobody saw them."""
    values = {"company_id": company_id, "user_id": user_id, "since": since}
    found = await fetch_value(connection, _LAST_PAGE, values)
    return None if found is None else str(found)


async def merge(connection: Connection, company_id: str, anonymous_id: str, user_id: str, now: datetime) -> bool:
    """Record that an anonymous visitor is this user: unseen nudges, conversations and facts move over, wishes hold on.

    Returns False, and changes nothing, when `anonymous_id` is not anonymous or belongs to another user already. Safe
    to repeat.
    """
    values = {"company_id": company_id, "anonymous_id": anonymous_id, "user_id": user_id, "now": now}
    if anonymous_id == user_id or await fetch_value(connection, _MARK_MERGED, values) is None:
        return False
    await connection.execute(_INHERIT, values)
    await connection.execute(_MOVE_NUDGES, values)
    await conversation_moves.move(connection, company_id, anonymous_id, user_id, now)
    await profile_facts.inherit(connection, company_id, anonymous_id, user_id)
    return True


def _grouped(rows: Iterable[Seen], key: Any) -> list[list[Seen]]:
    """Group rows by key, in the order of the keys, so that two batches never lock the same rows crosswise."""
    groups: dict[tuple[str, ...], list[Seen]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return [groups[name] for name in sorted(groups)]


def _user_columns(groups: Sequence[Sequence[Seen]]) -> dict[str, list[Any]]:
    return {
        "company_id": [group[0].company_id for group in groups],
        "user_id": [group[0].user_id for group in groups],
        "anonymous": [group[0].anonymous for group in groups],
        "traits": [_traits(group) for group in groups],
        "first_at": [group[0].at for group in groups],
        "last_at": [group[-1].at for group in groups],
    }


def _session_columns(groups: Sequence[Sequence[Seen]]) -> dict[str, list[Any]]:
    return {
        "company_id": [group[0].company_id for group in groups],
        "session_id": [group[0].session_id for group in groups],
        "user_id": [group[0].user_id for group in groups],
        "first_at": [group[0].at for group in groups],
        "last_at": [group[-1].at for group in groups],
        "page_url": [next((row.page_url for row in reversed(group) if row.page_url), None) for group in groups],
    }


def _traits(group: Sequence[Seen]) -> str:
    merged: dict[str, Any] = {}
    for row in group:
        merged.update(row.traits)
    return orjson.dumps(merged).decode()
