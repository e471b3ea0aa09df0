"""What pages report of nudges: late, twice or out of order, and yet a status never goes back.

Kept apart from `db.nudges`, which offers `report` as well: one statement a batch, and the order of statuses is that of
`core.nudges.advance_status`, handed in so that SQL holds no second copy of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.config import RestraintRules
from core.nudges import NudgeStatus, advance_status
from db.pool import Connection
from db.query import fetch_all

# Applies a batch of reports. `summary` folds the reports of one nudge; `locked` takes the rows in a fixed order, so
# that two batches do not wait for each other in a circle; `changed` moves statuses forward and fills in the times,
# which are the earliest reported however the reports come; `snoozed` silences the agent for users who asked for that.
# What its user clicked or closed had been shown, and what was shown had been sent.
_REPORT: Final = """
    WITH reports AS (
        SELECT company_id, nudge_id, user_id, at, status, array_position(%(ranks)s::text[], status) AS rank
        FROM unnest(%(company_ids)s::uuid[], %(nudge_ids)s::uuid[], %(user_ids)s::text[], %(statuses)s::text[],
                    %(times)s::timestamptz[]) AS report (company_id, nudge_id, user_id, status, at)
    ), locked AS (
        SELECT n.company_id, n.nudge_id, n.user_id, n.status, array_position(%(ranks)s::text[], n.status) AS rank
        FROM nudges n
        WHERE (n.company_id, n.nudge_id) IN (SELECT company_id, nudge_id FROM reports)
        ORDER BY n.company_id, n.nudge_id
        FOR UPDATE
    ), summary AS (
        SELECT l.company_id, l.nudge_id, l.user_id, l.status AS old_status, l.rank AS old_rank,
               max(r.rank) AS rank,
               min(r.at) FILTER (WHERE r.status NOT IN ('pending', 'expired')) AS sent_at,
               min(r.at) FILTER (WHERE r.status NOT IN ('pending', 'expired', 'sent')) AS shown_at,
               (array_agg(r.at ORDER BY r.rank DESC, r.at))[1] AS at
        FROM locked l JOIN reports r ON r.company_id = l.company_id AND r.nudge_id = l.nudge_id
             AND (r.user_id IS NULL OR r.user_id = l.user_id OR EXISTS (
                 SELECT FROM users u
                 WHERE u.company_id = l.company_id
                   AND (u.user_id, u.merged_into) IN ((r.user_id, l.user_id), (l.user_id, r.user_id))))
        GROUP BY l.company_id, l.nudge_id, l.user_id, l.status, l.rank
    ), changed AS (
        UPDATE nudges n
        SET status = (%(ranks)s::text[])[greatest(s.rank, s.old_rank)],
            sent_at = least(n.sent_at, s.sent_at),
            shown_at = least(n.shown_at, s.shown_at),
            closed_at = CASE WHEN s.rank > s.old_rank AND (%(ranks)s::text[])[s.rank] = ANY (%(final)s::text[])
                             THEN s.at ELSE n.closed_at END
        FROM summary s
        WHERE n.company_id = s.company_id AND n.nudge_id = s.nudge_id
          AND (s.rank > s.old_rank OR least(n.sent_at, s.sent_at) IS DISTINCT FROM n.sent_at
               OR least(n.shown_at, s.shown_at) IS DISTINCT FROM n.shown_at)
        RETURNING n.company_id, n.nudge_id, n.user_id, s.old_status, n.status, s.at
    ), snoozed AS (
        UPDATE users u
        SET snoozed_at = greatest(u.snoozed_at, c.at),
            snoozed_until = greatest(u.snoozed_until, c.at + make_interval(secs => coalesce((
                SELECT (config -> 'restraint' ->> 'snooze_seconds')::float8 FROM company_configs
                WHERE company_id = c.company_id ORDER BY version DESC LIMIT 1), %(snooze_seconds)s)))
        FROM (SELECT company_id, user_id, max(at) AS at FROM changed
              WHERE status = 'snoozed' AND old_status <> 'snoozed' GROUP BY company_id, user_id) AS c
        WHERE u.company_id = c.company_id AND u.user_id = c.user_id
    )
    SELECT company_id, nudge_id, user_id, status FROM changed WHERE status <> old_status ORDER BY company_id, nudge_id
"""

_RANKED: Final = sorted(
    (status.value for status in NudgeStatus),
    key=lambda value: sum(advance_status(other, NudgeStatus(value)) == value for other in NudgeStatus),
)
"""Statuses from the first to the last: a later one wins against each before it."""
_FINAL: Final = [
    NudgeStatus.CLICKED.value,
    NudgeStatus.DISMISSED.value,
    NudgeStatus.SNOOZED.value,
    NudgeStatus.EXPIRED.value,
]


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What became of a nudge, as its user's page says. With `user_id`, only that user's own nudge is moved."""

    company_id: str
    nudge_id: str
    status: NudgeStatus
    at: datetime
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Advanced:
    """A nudge whose status went forward, and where it stands now."""

    company_id: str
    nudge_id: str
    user_id: str
    status: NudgeStatus


async def report(connection: Connection, reports: Sequence[StatusReport]) -> list[Advanced]:
    """Apply a batch of reports, of several companies when need be; returns the nudges whose status went forward.

    Reports of unknown nudges, or of somebody else's, change nothing. A first `snoozed` silences the agent for that
    user, for as long as the company's configuration says.
    """
    if not reports:
        return []
    values = {
        "company_ids": [report.company_id for report in reports],
        "nudge_ids": [report.nudge_id for report in reports],
        "user_ids": [report.user_id for report in reports],
        "statuses": [NudgeStatus(report.status).value for report in reports],
        "times": [report.at for report in reports],
        "ranks": _RANKED,
        "final": _FINAL,
        "snooze_seconds": RestraintRules().snooze_seconds,
    }
    return await fetch_all(connection, Advanced, _REPORT, values)
