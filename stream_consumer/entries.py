"""What a stream hands to a handler, and what the handler answers for each entry.

Kept apart from the loop so that handlers know nothing of groups, claims and acknowledgements.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a stream. `deliveries` counts how often Redis gave it to anybody; 0 for one that was put off."""

    stream: str
    entry_id: bytes
    payload: bytes
    deliveries: int = 1
    claimed: bool = False
    """Taken over from a consumer that fell silent, or given back earlier; not fresh from the stream."""

    @property
    def appended_ms(self) -> int:
        """When it was appended: Redis makes its ids of the time in Unix milliseconds."""
        return int(self.entry_id.split(b"-")[0])


@dataclass(frozen=True, slots=True)
class Done:
    """The entry has been dealt with, and a repetition would change nothing."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The entry itself is at fault; the attempt counts."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Postponed:
    """Not now, and nobody's fault: the entry comes back after `seconds` (at most the claim idle time), uncounted."""

    seconds: float


Outcome = Done | Failed | Postponed

DONE = Done()


class Handler(Protocol):
    """A role. May be called for several batches at a time, and again for entries that it has seen before."""

    async def handle(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        """Deal with the entries; returns one outcome for each, in their order.

        Raises:
            Exception: the batch failed as a whole. An outage is waited out; anything else makes the loop halve the
                batch until the entry at fault stands alone.
        """
        ...

    async def abandon(self, entry: Entry, reason: str) -> None:
        """Note that an entry is about to be set aside for good; `reason` is a stable word. Repeatable."""
        ...
