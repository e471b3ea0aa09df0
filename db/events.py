"""Events: stored exactly once however often they arrive, a batch at a time, and read back in order."""

import struct
from collections import defaultdict
from collections.abc import Sequence
from operator import attrgetter
from typing import Final

import orjson
import psycopg

from core.events import AcceptedEvent
from db.arrays import encoded_column, int8_column, text_column
from db.pages import Page, page_of, page_parameters
from db.pool import Connection
from db.query import change, fetch_dicts

# Stores a batch of several companies; a row that is there already stays as it is. No conflict target is named: that
# would check each row against the policies a second time.
_INSERT: Final = """
    INSERT INTO events (company_id, event_id, occurred_at, corrected_at, received_at, user_id, session_id, event_type,
                        target_element, page_url, properties, trace_id)
    SELECT company_id::uuid, event_id, 'epoch'::timestamptz + occurred_ms * interval '1 millisecond',
           'epoch'::timestamptz + corrected_ms * interval '1 millisecond',
           'epoch'::timestamptz + received_ms * interval '1 millisecond',
           user_id, session_id, event_type, target_element, page_url, properties::jsonb, trace_id
    FROM unnest(%(company_id)b::text[], %(event_id)b::text[], %(occurred_ms)b::bigint[], %(corrected_ms)b::bigint[],
                %(received_ms)b::bigint[], %(user_id)b::text[], %(session_id)b::text[], %(event_type)b::text[],
                %(target_element)b::text[], %(page_url)b::text[], %(properties)b::text[], %(trace_id)b::text[])
         AS batch (company_id, event_id, occurred_ms, corrected_ms, received_ms, user_id, session_id, event_type,
                   target_element, page_url, properties, trace_id)
    ON CONFLICT DO NOTHING
"""

# Reads the latest events of each of several users, one index probe a user.
_RECENT: Final = """
    SELECT e.company_id, e.event_id, e.user_id, e.session_id, e.event_type, e.target_element, e.page_url,
           (extract(epoch FROM e.occurred_at) * 1000)::bigint AS occurred_ms,
           (extract(epoch FROM e.corrected_at) * 1000)::bigint AS corrected_ms,
           (extract(epoch FROM e.received_at) * 1000)::bigint AS received_ms, e.properties, e.trace_id
    FROM unnest(%(companies)s::uuid[], %(users)s::text[]) AS wanted (company_id, user_id)
    CROSS JOIN LATERAL (
        SELECT * FROM events
        WHERE company_id = wanted.company_id AND user_id = wanted.user_id
        ORDER BY corrected_at DESC, event_id DESC LIMIT %(limit)s
    ) AS e
    ORDER BY e.corrected_at, e.event_id
"""

# Reads a page of one session, oldest first.
_FOR_SESSION: Final = """
    SELECT event_id, user_id, session_id, event_type, target_element, page_url, occurred_at, corrected_at, received_at,
           properties, trace_id
    FROM events
    WHERE company_id = %(company_id)s AND session_id = %(session_id)s
      AND (%(cursor_at)s::timestamptz IS NULL OR (corrected_at, event_id) > (%(cursor_at)s, %(cursor_key)s))
    ORDER BY corrected_at, event_id LIMIT %(limit)s
"""

_TEXTS: Final = (
    "company_id", "event_id", "user_id", "session_id", "event_type", "target_element", "page_url", "trace_id",
)  # fmt: skip
_NUMBERS: Final = ("occurred_ms", "corrected_ms", "received_ms")
_order = attrgetter("event_id", "company_id")


async def insert(connection: Connection, events: Sequence[AcceptedEvent]) -> int:
    """Store a batch, of several companies when need be; returns how many rows are new.

    The transaction must name each company of the batch. Rows go in by a fixed order, so that two consumers with the
    same events do not wait for each other in a circle.

    Raises:
        psycopg.DataError: a value that PostgreSQL cannot hold, such as NUL or a lone surrogate; nothing was stored,
            and the transaction is over.
    """
    if not events:
        return 0
    ordered = sorted(events, key=_order)
    try:
        return await change(connection, _INSERT, _columns(ordered))
    except (UnicodeEncodeError, TypeError, AttributeError, struct.error) as error:
        raise psycopg.DataError(f"an event holds a value that cannot be stored: {type(error).__name__}") from error


def _columns(events: Sequence[AcceptedEvent]) -> dict[str, bytes]:
    columns: dict[str, bytes] = {name: text_column(list(map(attrgetter(name), events))) for name in _TEXTS}
    columns |= {name: int8_column(list(map(attrgetter(name), events))) for name in _NUMBERS}
    columns["properties"] = encoded_column([orjson.dumps(event.properties) for event in events])
    return columns


async def recent_for_users(
    connection: Connection, pairs: Sequence[tuple[str, str]], limit: int
) -> dict[tuple[str, str], list[AcceptedEvent]]:
    """Return the latest `limit` events of each (company, user), oldest first; users without any are left out."""
    wanted = {"companies": [company for company, _ in pairs], "users": [user for _, user in pairs], "limit": limit}
    found: defaultdict[tuple[str, str], list[AcceptedEvent]] = defaultdict(list)
    for row in await fetch_dicts(connection, _RECENT, wanted):
        event = AcceptedEvent(**row)
        found[event.company_id, event.user_id].append(event)
    return dict(found)


async def for_session(
    connection: Connection, company_id: str, session_id: str, after: str | None = None, limit: int = 100
) -> Page:
    """Return a page of a session's events, oldest first; `after` is the cursor of the page before."""
    values = {"company_id": company_id, "session_id": session_id, **page_parameters(after, limit)}
    return page_of(await fetch_dicts(connection, _FOR_SESSION, values), limit, at="corrected_at", key="event_id")
