"""Office hours: who is there when, and what users are promised."""

from datetime import UTC, datetime, time, timedelta

import pytest

from core.config import HandoffRules, OfficeHours
from core.office_hours import expected_by, is_open, minutes_until_reply

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
DAYTIME = OfficeHours(start=time(9), end=time(17))
NIGHT = OfficeHours(days=(5,), start=time(22), end=time(6))
DUBAI = OfficeHours(days=(1,), start=time(9), end=time(17), time_zone="Asia/Dubai")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of that week: day 0 is Monday."""
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


@pytest.mark.parametrize(
    ("hours", "now", "there"),
    [
        ((), at(6, 3), True),
        ((DAYTIME,), at(0, 9), True),
        ((DAYTIME,), at(0, 8, 59), False),
        ((DAYTIME,), at(0, 16, 59), True),
        ((DAYTIME,), at(0, 17), False),
        ((DAYTIME,), at(5, 12), False),
        ((NIGHT,), at(4, 23), True),
        ((NIGHT,), at(5, 5, 59), True),
        ((NIGHT,), at(5, 6), False),
        ((NIGHT,), at(4, 5), False),
        ((DUBAI,), at(0, 5), True),
        ((DUBAI,), at(0, 13), False),
        ((DAYTIME, NIGHT), at(4, 23), True),
        ((OfficeHours(days=(1,), start=time(8), end=time(8)),), at(1, 7, 59), True),
        ((OfficeHours(days=(1,), start=time(0), end=time(6), time_zone="Pacific/Kiritimati"),), at(-1, 11), True),
    ],
)
def test_who_is_there(hours: tuple[OfficeHours, ...], now: datetime, there: bool) -> None:
    assert is_open(HandoffRules(office_hours=hours), now) is there


@pytest.mark.parametrize(
    ("hours", "minutes", "now", "promised"),
    [
        ((), 30, at(6, 3), at(6, 3, 30)),
        ((DAYTIME,), 30, at(0, 9), at(0, 9, 30)),
        ((DAYTIME,), 30, at(0, 16, 50), at(1, 9, 20)),
        ((DAYTIME,), 30, at(0, 3), at(0, 9, 30)),
        ((DAYTIME,), 30, at(4, 16, 30), at(4, 17)),
        ((DAYTIME,), 31, at(4, 16, 30), at(7, 9, 1)),
        ((DAYTIME,), 960, at(0, 9), at(1, 17)),
        ((NIGHT,), 60, at(0, 12), at(4, 23)),
        ((DAYTIME, OfficeHours(start=time(16), end=time(18))), 60, at(0, 16, 30), at(0, 17, 30)),
        ((DAYTIME, OfficeHours(start=time(10), end=time(11))), 90, at(0, 16), at(1, 9, 30)),
    ],
)
def test_what_is_promised(hours: tuple[OfficeHours, ...], minutes: int, now: datetime, promised: datetime) -> None:
    rules = HandoffRules(office_hours=hours, reply_minutes=minutes)
    assert expected_by(rules, now) == promised
    assert minutes_until_reply(rules, now) == (promised - now) / timedelta(minutes=1)


def test_a_clock_that_is_put_forward_takes_an_hour_of_the_night() -> None:
    night = OfficeHours(days=(7,), start=time(0), end=time(6), time_zone="Europe/Berlin")
    rules = HandoffRules(office_hours=(night,), reply_minutes=300)
    assert expected_by(rules, datetime(2026, 3, 28, 12, tzinfo=UTC)) == datetime(2026, 3, 29, 4, tzinfo=UTC)


def test_minutes_are_rounded_up() -> None:
    now = at(0, 10) + timedelta(seconds=10)
    assert minutes_until_reply(HandoffRules(reply_minutes=30), now) == 30
    rules = HandoffRules(office_hours=(DAYTIME,), reply_minutes=30)
    assert minutes_until_reply(rules, at(0, 16, 50) + timedelta(seconds=30)) == 990


def test_an_office_that_is_hardly_ever_open_promises_a_year_at_most() -> None:
    hours = OfficeHours(days=(1,), start=time(9), end=time(9, 1))
    assert expected_by(HandoffRules(office_hours=(hours,), reply_minutes=10_080), MONDAY) == MONDAY + timedelta(400)
