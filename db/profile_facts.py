"""What users told about themselves, kept while they agree to it: nothing is stored before they said yes.

A user's consent is a column of their row: null until they answered. That they were asked is noted apart, so that nobody
is asked twice.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.pool import Connection
from db.query import change, fetch_all, fetch_one, fetch_value
from db.texts import storable

MAX_NAME: Final = 64
MAX_VALUE: Final = 500
MAX_FACTS: Final = 100
"""Facts of one user; a new name beyond that is not taken."""

# Reads whether facts may be kept of a user.
_CONSENT: Final = """
    SELECT remembers, asked_to_remember_at FROM users WHERE company_id = %(company_id)s AND user_id = %(user_id)s
"""

# Notes the user's answer; a user who was never seen gets a row.
_SET_CONSENT: Final = """
    INSERT INTO users (company_id, user_id, remembers, asked_to_remember_at, first_seen_at, last_seen_at)
    VALUES (%(company_id)s, %(user_id)s, %(remembers)s, %(now)s, %(now)s, %(now)s)
    ON CONFLICT (company_id, user_id) DO UPDATE
    SET remembers = excluded.remembers, asked_to_remember_at = coalesce(users.asked_to_remember_at, %(now)s)
"""

# Notes that the user is asked now, unless they answered or were asked before.
_MARK_ASKED: Final = """
    INSERT INTO users AS u (company_id, user_id, asked_to_remember_at, first_seen_at, last_seen_at)
    VALUES (%(company_id)s, %(user_id)s, %(now)s, %(now)s, %(now)s)
    ON CONFLICT (company_id, user_id) DO UPDATE SET asked_to_remember_at = %(now)s
    WHERE u.asked_to_remember_at IS NULL AND u.remembers IS NULL
    RETURNING user_id
"""

# Keeps a fact, or changes it, of a user who agreed to that; the row lock makes a refusal at the same moment wait.
_SET: Final = """
    INSERT INTO profile_facts (company_id, user_id, name, value, message_id, updated_at)
    SELECT company_id, user_id, %(name)s, %(value)s, %(message_id)s, %(now)s FROM users AS u
    WHERE company_id = %(company_id)s AND user_id = %(user_id)s AND remembers
      AND (EXISTS (SELECT FROM profile_facts AS f WHERE f.company_id = u.company_id AND f.user_id = u.user_id
                   AND f.name = %(name)s)
           OR (SELECT count(*) FROM profile_facts AS f WHERE f.company_id = u.company_id AND f.user_id = u.user_id)
              < %(most)s)
    FOR SHARE
    ON CONFLICT (company_id, user_id, name) DO UPDATE
    SET value = excluded.value, message_id = excluded.message_id, updated_at = excluded.updated_at
"""

# Reads everything kept of a user.
_LIST: Final = """
    SELECT name, value, message_id, updated_at FROM profile_facts
    WHERE company_id = %(company_id)s AND user_id = %(user_id)s ORDER BY name
"""

# Reads one fact.
_GET: Final = """
    SELECT name, value, message_id, updated_at FROM profile_facts
    WHERE company_id = %(company_id)s AND user_id = %(user_id)s AND name = %(name)s
"""

# Erases one fact, or all where none is named.
_ERASE: Final = """
    DELETE FROM profile_facts
    WHERE company_id = %(company_id)s AND user_id = %(user_id)s AND (%(name)s::text IS NULL OR name = %(name)s)
"""

# Gives a user the facts of the visitor who turned out to be them; what they said themselves holds.
_INHERIT: Final = """
    INSERT INTO profile_facts (company_id, user_id, name, value, message_id, updated_at)
    SELECT company_id, %(user_id)s, name, value, message_id, updated_at FROM profile_facts
    WHERE company_id = %(company_id)s AND user_id = %(anonymous_id)s
    ON CONFLICT (company_id, user_id, name) DO NOTHING
"""

# Takes away the visitor's facts, and those of a user who does not agree.
_TIDY: Final = """
    DELETE FROM profile_facts WHERE company_id = %(company_id)s AND (user_id = %(anonymous_id)s OR (
        user_id = %(user_id)s AND NOT EXISTS (
            SELECT FROM users WHERE company_id = %(company_id)s AND user_id = %(user_id)s AND remembers)))
"""

# Forgets what users said long ago who have not been seen since, neither in the pages nor in a conversation.
_DROP_BEFORE: Final = """
    DELETE FROM profile_facts WHERE company_id = %(company_id)s AND ctid = ANY (ARRAY(
        SELECT ctid FROM profile_facts AS f
        WHERE company_id = %(company_id)s AND updated_at < %(before)s
          AND NOT EXISTS (SELECT FROM users AS u WHERE u.company_id = f.company_id AND u.user_id = f.user_id
                          AND u.last_seen_at >= %(before)s)
          AND NOT EXISTS (SELECT FROM conversations AS c WHERE c.company_id = f.company_id AND c.user_id = f.user_id
                          AND c.last_message_at >= %(before)s)
        ORDER BY updated_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED))
"""


@dataclass(frozen=True, slots=True)
class StoredFact:
    """A fact, the message in which it was said (None: not in a message), and when it was last said."""

    name: str
    value: str
    message_id: str | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Consent:
    """Whether facts may be kept (`remembers`, None: the user did not answer), and when the user was asked."""

    remembers: bool | None = None
    asked_to_remember_at: datetime | None = None

    @property
    def may_be_asked(self) -> bool:
        """Tell whether the user may still be asked."""
        return self.remembers is None and self.asked_to_remember_at is None


async def consent(connection: Connection, company_id: str, user_id: str) -> Consent:
    """Return whether facts may be kept of a user; of one never seen nobody knows."""
    values = {"company_id": company_id, "user_id": user_id}
    return await fetch_one(connection, Consent, _CONSENT, values) or Consent()


async def set_consent(connection: Connection, company_id: str, user_id: str, now: datetime, *, remembers: bool) -> int:
    """Note the user's answer; with a no all facts go. Returns how many went."""
    values = {"company_id": company_id, "user_id": user_id, "remembers": remembers, "now": now}
    await connection.execute(_SET_CONSENT, values)
    return 0 if remembers else await erase(connection, company_id, user_id)


async def mark_asked(connection: Connection, company_id: str, user_id: str, now: datetime) -> bool:
    """Note that the user is asked now; False, with nothing changed, when they were asked or answered before."""
    values = {"company_id": company_id, "user_id": user_id, "now": now}
    return await fetch_value(connection, _MARK_ASKED, values) is not None


async def set_(
    connection: Connection,
    company_id: str,
    user_id: str,
    name: str,
    value: str,
    now: datetime,
    *,
    message_id: str | None = None,
) -> bool:
    """Keep a fact, or what it is by now; False, with nothing stored, where the user did not agree to it.

    Longer names and values are cut; an empty value is not kept.
    """
    values = {"company_id": company_id, "user_id": user_id, "message_id": message_id, "now": now, "most": MAX_FACTS}
    values |= {"name": storable(name.strip())[:MAX_NAME], "value": storable(value.strip())[:MAX_VALUE]}
    if not values["name"] or not values["value"]:
        return False
    return await change(connection, _SET, values) > 0


async def inherit(connection: Connection, company_id: str, anonymous_id: str, user_id: str) -> None:
    """Move a visitor's facts to the user whom they turned out to be, as far as that user agrees; the rest goes."""
    values = {"company_id": company_id, "anonymous_id": anonymous_id, "user_id": user_id}
    await connection.execute(_INHERIT, values)
    await connection.execute(_TIDY, values)


async def get(connection: Connection, company_id: str, user_id: str, name: str) -> StoredFact | None:
    """Return one fact, or None."""
    values = {"company_id": company_id, "user_id": user_id, "name": name}
    return await fetch_one(connection, StoredFact, _GET, values)


async def list_(connection: Connection, company_id: str, user_id: str) -> list[StoredFact]:
    """Return everything kept of a user, by name."""
    return await fetch_all(connection, StoredFact, _LIST, {"company_id": company_id, "user_id": user_id})


async def erase(connection: Connection, company_id: str, user_id: str, name: str | None = None) -> int:
    """Erase one fact, or all of a user; returns how many there were."""
    return await change(connection, _ERASE, {"company_id": company_id, "user_id": user_id, "name": name})


async def drop_before(connection: Connection, company_id: str, before: datetime, limit: int) -> int:
    """Erase up to `limit` facts said before a moment, of users not seen since then; returns how many."""
    return await change(connection, _DROP_BEFORE, {"company_id": company_id, "before": before, "limit": limit})
