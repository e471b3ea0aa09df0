"""What a server means by `Retry-After` (RFC 9110, 10.2.3): seconds, or a date."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

MAX_RETRY_AFTER: Final = 3600.0
"""Longest wait in seconds that another server may ask of us."""


def seconds_of(retry_after: str | None, now: datetime) -> float | None:
    """Return the wait that a `Retry-After` header asks for, in seconds or by a date; None if it is not usable."""
    if not retry_after:
        return None
    try:
        seconds = float(retry_after) if retry_after.strip().isdigit() else _until(retry_after, now)
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)


def _until(date: str, now: datetime) -> float:
    moment = parsedate_to_datetime(date)
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()
