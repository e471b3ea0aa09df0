"""When a part that died is started again: a pure decision, so that it can be read and tested as a table."""

from dataclasses import dataclass
from typing import Final

FIRST_DELAY: Final = 0.2
LONGEST_DELAY: Final = 30.0
HEALTHY_AFTER: Final = 30.0
"""Seconds of life after which earlier deaths are forgotten."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a part's deaths: how many in a row."""

    failures: int = 0


def after_exit(record: Record, lived_seconds: float) -> tuple[Record, float]:
    """Return the new record and how long to wait before the next start, in seconds: doubled for each quick death."""
    failures = 1 if lived_seconds >= HEALTHY_AFTER else record.failures + 1
    return Record(failures), min(FIRST_DELAY * 2 ** (failures - 1), LONGEST_DELAY)
