"""When people answer, and by when: office hours and the promise that users are given. Pure.

A promise of thirty minutes counts minutes in which somebody is there: asked for ten minutes before the office closes,
a person answers twenty minutes after it opens again.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from core.config import HandoffRules, OfficeHours

_Span = tuple[datetime, datetime]
_HORIZON_DAYS: Final = 400
"""How far ahead is looked; an office that is hardly ever open promises no more than that."""


def is_open(rules: HandoffRules, now: datetime) -> bool:
    """Tell whether somebody is there to answer."""
    if not rules.office_hours:
        return True
    nearby = (span for day in _days(now, 2) for hours in rules.office_hours for span in _span(hours, day))
    return any(start <= now < end for start, end in nearby)


def expected_by(rules: HandoffRules, now: datetime) -> datetime:
    """Return by when a person will answer who is asked for now, in UTC."""
    left = timedelta(minutes=rules.reply_minutes)
    now = now.astimezone(UTC)
    if not rules.office_hours:
        return now + left
    reached = now
    for start, end in _spans(rules, now):
        reached = max(start, reached)
        if reached + left <= end:
            return reached + left
        left -= max(end - reached, timedelta(0))
        reached = max(end, reached)
    return now + timedelta(days=_HORIZON_DAYS)


def minutes_until_reply(rules: HandoffRules, now: datetime) -> int:
    """Return in how many minutes of the clock a person will have answered, rounded up."""
    return -((now - expected_by(rules, now)) // timedelta(minutes=1))


def _spans(rules: HandoffRules, now: datetime) -> Iterator[_Span]:
    """Yield the spans from `now` on in order, day by day; those that overlap need not be one, since time only grows."""
    for day in _days(now, _HORIZON_DAYS):
        yield from sorted(span for hours in rules.office_hours for span in _span(hours, day) if span[1] > now)


def _days(now: datetime, ahead: int) -> Iterator[date]:
    """Yield calendar days around `now` that may hold a span of any time zone that touches it, then those ahead."""
    first = now.astimezone(UTC).date() - timedelta(days=2)
    return (first + timedelta(days=number) for number in range(ahead + 3))


def _span(hours: OfficeHours, day: date) -> Iterator[_Span]:
    """Yield the span that begins on a day of the office's own calendar, in UTC, if there is one."""
    if day.isoweekday() not in hours.days:
        return
    zone = ZoneInfo(hours.time_zone)
    last = day if hours.start < hours.end else day + timedelta(days=1)
    begin = datetime.combine(day, hours.start.replace(tzinfo=None), zone)
    yield begin.astimezone(UTC), datetime.combine(last, hours.end.replace(tzinfo=None), zone).astimezone(UTC)
