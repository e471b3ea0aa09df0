"""What a connecting client has missed: durable frames from its outbox, nudges and messages from PostgreSQL.

A client that resumes in the same epoch gets the frames after its number. One that knows no number gets the nudges that
nobody has seen yet, and asks the API for what was said. One that comes from an epoch that is gone gets what was said
lately as well, since it cannot tell what it missed; it drops by their ids the messages that it has. In any case a nudge
that was seen or has expired meanwhile is left out, and one that PostgreSQL holds but Redis does not (it was lost, or
never got there) is published now.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from core.conversations import Message
from core.frames import message_frame, nudge_frame
from core.nudges import Nudge
from core.outbox import Frame, Outbox, Stored

Undelivered = Callable[[str, str], Awaitable[list[Nudge]]]
"""(company id, user id) → nudges that are neither seen nor expired, oldest first."""
SaidLately = Callable[[str, str], Awaitable[list[Message]]]
"""(company id, user id) → what was said with the user lately, oldest first."""


@dataclass(frozen=True, slots=True)
class Start:
    """Where a client stands: the number up to which it is up to date, and whether it said so itself.

    `lost` tells that it comes from an epoch that is gone.
    """

    seq: int
    resumed: bool
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Missed:
    """Frames that a client lacks, in order; the outbox was looked through up to `until`."""

    frames: list[Frame]
    until: int


def starting_point(stored: Stored, after: int | None, epoch: str | None) -> Start:
    """Return where a client stands that says it had `after` in `epoch`.

    It cannot stand beyond the newest frame. One that does not resume stands before everything stored.
    """
    if after is not None and epoch == stored.epoch:
        return Start(min(after, newest(stored.frames)), resumed=True)
    return Start(
        stored.frames[0].seq - 1 if stored.frames else 0, resumed=False, lost=epoch not in {None, stored.epoch}
    )


def newest(frames: Sequence[Frame], otherwise: int = 0) -> int:
    """Return the number of the last of these frames, which are in order."""
    return frames[-1].seq if frames else otherwise


def due(stored: Stored, start: Start, unseen: Collection[str]) -> list[Frame]:
    """Return the stored frames that a client lacks: nudges nobody has seen, and what else came while it was away."""
    return [frame for frame in stored.frames if frame.seq > start.seq and _is_due(frame, start, unseen)]


def _is_due(frame: Frame, start: Start, unseen: Collection[str]) -> bool:
    nudge_id = nudge_id_of(frame.data)
    return start.resumed or start.lost if nudge_id is None else nudge_id in unseen


def nudge_id_of(data: bytes) -> str | None:
    """Return the id of the nudge that a frame carries, or None for another frame."""
    nudge: dict[str, Any] | None = orjson.loads(data).get("nudge")
    return nudge["nudge_id"] if nudge else None


class Backlog:
    """Finds what a client missed."""

    def __init__(self, outbox: Outbox, undelivered: Undelivered, said_lately: SaidLately) -> None:
        self._outbox = outbox
        self._undelivered = undelivered
        self._said_lately = said_lately

    async def missed(self, company_id: str, user_id: str, stored: Stored, start: Start) -> Missed:
        """Return what a client missed; raises Unavailable while PostgreSQL is away."""
        rows = await self._undelivered(company_id, user_id)
        unseen = {nudge.nudge_id: nudge for nudge in rows if nudge.nudge_id not in stored.seen}
        frames, until = due(stored, start, unseen), newest(stored.frames, otherwise=start.seq)
        known = {nudge_id_of(frame.data) for frame in stored.frames}
        absent = {key: nudge_frame(nudge) for key, nudge in unseen.items() if key not in known}
        if start.lost:
            said = await self._said_lately(company_id, user_id)
            absent |= {message.message_id: message_frame(message) for message in said}
        for key, frame in absent.items():
            await self._outbox.publish(company_id, user_id, frame, key=key)
        # Others may have published in between; whatever came after the first reading is new, and due.
        later = await self._outbox.after(company_id, user_id, until) if absent else []
        return Missed(frames + later, newest(later, otherwise=until))
