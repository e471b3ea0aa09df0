"""What a user wishes of the agent: to be helped at all, or to be left alone. Restraint reads it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.pool import Connection
from db.query import fetch_one

# Sets what is given; a user who was never seen gets a row, so that the wish is there when they come.
_SET: Final = """
    INSERT INTO users (company_id, user_id, consent, do_not_disturb, first_seen_at, last_seen_at)
    VALUES (%(company_id)s, %(user_id)s, coalesce(%(consent)s, true), coalesce(%(do_not_disturb)s, false),
            %(now)s, %(now)s)
    ON CONFLICT (company_id, user_id) DO UPDATE SET
        consent = coalesce(%(consent)s, users.consent),
        do_not_disturb = coalesce(%(do_not_disturb)s, users.do_not_disturb)
    RETURNING consent, do_not_disturb
"""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a user wishes."""

    consent: bool
    do_not_disturb: bool


async def set_wishes(
    connection: Connection,
    company_id: str,
    user_id: str,
    now: datetime,
    *,
    consent: bool | None = None,
    do_not_disturb: bool | None = None,
) -> Wishes:
    """Set what is given and leave the rest; returns what holds now."""
    values = {"company_id": company_id, "user_id": user_id, "now": now}
    wishes = await fetch_one(connection, Wishes, _SET, {**values, "consent": consent, "do_not_disturb": do_not_disturb})
    assert wishes is not None  # RETURNING gives the row whether it was added or changed
    return wishes
