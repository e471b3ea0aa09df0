from datetime import UTC, datetime

import pytest

from core.retry_after import MAX_RETRY_AFTER, seconds_of

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("12", 12.0),
        ("999999999", MAX_RETRY_AFTER),
        ("Sat, 21 Nov 2026 10:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 09:00:00 GMT", 0.0),
        ("Sat, 21 Nov 2026 10:00:30", 30.0),
        ("soon", None),
        ("-5", None),
    ],
)
def test_how_long_a_server_asks_us_to_wait(header: str | None, seconds: float | None) -> None:
    assert seconds_of(header, NOW) == seconds
