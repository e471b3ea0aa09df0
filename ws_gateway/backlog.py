"""What a connecting client has missed: durable frames from its outbox, nudges from PostgreSQL.

A client that resumes in the same epoch gets the frames after its number. One that knows no number, or comes from an
epoch that is gone, gets the nudges that nobody has seen yet: PostgreSQL knows them even when Redis was lost. A nudge
that was seen or has expired meanwhile is left out in either case.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson

from core.frames import nudge_frame
from core.nudges import Nudge
from core.outbox import Frame, Outbox

Undelivered = Callable[[str, str], Awaitable[list[Nudge]]]
"""(company id, user id) → nudges that are neither seen nor expired, oldest first."""


@dataclass(frozen=True, slots=True)
class Missed:
    """What to tell a client first: the epoch, the last number it is known to have, whether it resumed, the frames."""

    epoch: str
    seq: int
    resumed: bool
    frames: list[Frame]


class Backlog:
    """Finds what a client missed."""

    def __init__(self, outbox: Outbox, undelivered: Undelivered) -> None:
        self._outbox = outbox
        self._undelivered = undelivered

    async def missed(self, company_id: str, user_id: str, after: int, epoch: str | None) -> Missed:
        """Return what a client missed that last had `after` in `epoch`."""
        current = await self._outbox.epoch()
        resumed = epoch == current and after > 0
        stored = await self._outbox.after(company_id, user_id, after if resumed else 0)
        last = max((frame.seq for frame in stored), default=after if resumed else 0)
        if resumed and not stored:
            return Missed(current, after, resumed=True, frames=[])
        frames = await self._unseen(company_id, user_id, stored, resumed=resumed)
        return Missed(current, after if resumed else min((f.seq - 1 for f in frames), default=last), resumed, frames)

    async def _unseen(self, company_id: str, user_id: str, stored: list[Frame], *, resumed: bool) -> list[Frame]:
        nudges = {nudge.nudge_id: nudge for nudge in await self._undelivered(company_id, user_id)}
        frames = [frame for frame in stored if _is_due(orjson.loads(frame.data), nudges, resumed=resumed)]
        known = {_nudge_id(orjson.loads(frame.data)) for frame in stored}
        for nudge_id, nudge in nudges.items():
            if nudge_id not in known:
                frames.append(await self._republish(company_id, user_id, nudge))
        return sorted(frames)

    async def _republish(self, company_id: str, user_id: str, nudge: Nudge) -> Frame:
        seq = await self._outbox.publish(company_id, user_id, nudge_frame(nudge), key=nudge.nudge_id)
        return Frame(seq, orjson.dumps({"seq": seq, **nudge_frame(nudge)}))


def _nudge_id(frame: dict[str, Any]) -> str | None:
    nudge = frame.get("nudge")
    return nudge.get("nudge_id") if isinstance(nudge, dict) else None


def _is_due(frame: dict[str, Any], unseen: dict[str, Nudge], *, resumed: bool) -> bool:
    """A nudge is due while nobody has seen it; another durable frame is due to a client that resumes."""
    nudge_id = _nudge_id(frame)
    return nudge_id in unseen if nudge_id is not None else resumed
