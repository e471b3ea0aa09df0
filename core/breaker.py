"""A circuit breaker per provider: one that fails again and again is left alone for a while. Pure state."""

from dataclasses import dataclass
from typing import Final

FAILURES: Final = 3
"""Failures in a row after which a provider is left alone."""
PAUSE_SECONDS: Final = 10.0
"""For how long, before a call may try again: short, so that a provider that is back is soon used again."""
MAX_PAUSE_SECONDS: Final = 300.0
"""The longest pause that a provider may ask for."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """Failures in a row, and until when no call is made (seconds on a monotonic clock)."""

    failures: int = 0
    open_until: float = 0.0

    def allows(self, now: float) -> bool:
        """Tell whether a call may be made."""
        return now >= self.open_until

    def after_success(self) -> "Breaker":
        """Return the state after a call that brought an answer."""
        return Breaker()

    def after_failure(self, now: float, retry_after: float | None = None) -> "Breaker":
        """Return the state after one that failed; `retry_after` seconds is what the provider asked for."""
        failures = self.failures + 1
        pause = PAUSE_SECONDS if failures >= FAILURES else 0.0
        return Breaker(failures, now + max(pause, min(retry_after or 0.0, MAX_PAUSE_SECONDS)))
