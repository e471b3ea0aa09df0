"""The protocol of one connection as a state machine without I/O.

A session is `catching up` at first, and again whenever it notices that a durable frame passed it by: a frame names the
number before its own, and that must be one the client was told. While it catches up durable frames are not written,
only noted, since the user's outbox has them all in order; passing frames are held. So a client gets every durable
frame once and in order, whatever was lost or overtaken on the way.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from core.conversations import TooManyMessages
from core.frames import CloseCode, ConversationFrame, NudgeAck, Ping, SendMessage, error_frame
from core.outbox import Frame
from ws_gateway.reading import read

FRAMES_PER_SECOND: Final = 10.0
"""Client frames a second that a connection may send in the long run."""
BURST: Final = 40
"""Client frames that it may send at once; chat messages beyond are refused one by one, by their ids."""
FLOOD: Final = 10 * BURST
"""Chat messages that it may send at once before it is hung up on."""
HELD_FRAMES: Final = 64
"""Passing frames held for a client that catches up; further ones are dropped, as they may be."""


@dataclass(frozen=True, slots=True)
class Send:
    """Write these bytes to this client."""

    data: bytes


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Read the user's outbox from where `seek` says, and hand the frames to `catch_up`."""


@dataclass(frozen=True, slots=True)
class Report:
    """Pass on what the client says of a nudge."""

    ack: NudgeAck


@dataclass(frozen=True, slots=True)
class Converse:
    """Do what the client wants of a conversation, after what it wanted before."""

    frame: ConversationFrame


@dataclass(frozen=True, slots=True)
class Confirm:
    """Answer a ping, once all that the client reported before it is safe."""


@dataclass(frozen=True, slots=True)
class Hangup:
    """Close the connection."""

    code: CloseCode


Effect = Send | Report | Converse | Confirm | Hangup


class Session:
    """What the gateway knows of one connection. Slots, since there are tens of thousands.

    `last_seq` is the number up to which the client was told everything; `last_report` the place of its latest report
    in the gateway's queue; `expires` when its token does (Unix seconds).
    """

    __slots__ = (
        "_chat_quiet_at", "_heard_of", "_held", "_quiet_at", "_sought",
        "company_id", "connection_id", "expires", "last_report", "last_seq", "user_id",
    )  # fmt: skip

    def __init__(self, connection_id: str, company_id: str, user_id: str, expires: float = math.inf) -> None:
        self.connection_id = connection_id
        self.company_id = company_id
        self.user_id = user_id
        self.expires = expires
        self.last_seq = 0
        self.last_report = 0
        self._heard_of = 0
        self._sought = 0
        self._held: list[bytes] | None = []
        self._quiet_at = 0.0
        self._chat_quiet_at = 0.0

    @property
    def catching_up(self) -> bool:
        """Whether the client may lack a durable frame."""
        return self._held is not None

    def start(self, seq: int) -> None:
        """Begin where the client stands: everything up to `seq` was told."""
        self.last_seq = seq

    def suspect(self) -> bool:
        """Start catching up, since frames may have been lost; returns False when that is under way already."""
        if self._held is not None:
            return False
        self._held = []
        return True

    def seek(self) -> int:
        """Return the number after which the outbox is to be read, and remember what was heard of before the reading."""
        self._sought = self._heard_of
        return self.last_seq

    def catch_up(self, frames: Iterable[Frame], until: int) -> list[bytes]:
        """Return what to write, in order, from a reading of the outbox that is complete up to `until`.

        A frame heard of before the reading and not found in it is there no more. One heard of since keeps the session
        catching up: then the outbox is read once more.
        """
        fresh = [frame.data for frame in sorted(frames) if frame.seq > self.last_seq]
        self.last_seq = max(self.last_seq, until, self._sought)
        if self._heard_of > self.last_seq:
            return fresh
        held, self._held = self._held or [], None
        return fresh + held

    def deliver(self, frame: Frame, previous: int) -> Send | CatchUp | None:
        """Return what to do about a frame that arrived; None when it is held, or was told before."""
        if frame.seq == 0:
            return self._pass(frame.data)
        self._heard_of = max(self._heard_of, frame.seq)
        if self._held is not None or frame.seq <= self.last_seq:
            return None
        if previous > self.last_seq:
            self._held = []
            return CatchUp()
        self.last_seq = frame.seq
        return Send(frame.data)

    def _pass(self, data: bytes) -> Send | None:
        if self._held is None:
            return Send(data)
        if len(self._held) < HELD_FRAMES:
            self._held.append(data)
        return None

    def receive(self, message: str | bytes, now: float) -> Effect:
        """Return what to do about a message from the client; `now` is a monotonic clock in seconds."""
        frame = read(message)
        if isinstance(frame, SendMessage):
            return self._receive_chat(frame, now)
        if ahead(self._quiet_at, now) > BURST:
            return Hangup(CloseCode.TOO_MANY)
        self._quiet_at = busy_until(self._quiet_at, now)
        match frame:
            case bytes():
                return Send(frame)
            case NudgeAck():
                return Report(frame)
            case Ping():
                return Confirm()
            case _:
                return Converse(frame)

    def _receive_chat(self, frame: SendMessage, now: float) -> Effect:
        """Chat messages are counted apart: somebody who writes too much may still ping and report."""
        excess = ahead(self._chat_quiet_at, now)
        if excess > FLOOD:
            return Hangup(CloseCode.TOO_MANY)
        self._chat_quiet_at = busy_until(self._chat_quiet_at, now)
        return Converse(frame) if excess <= BURST else Send(too_many(frame))


def busy_until(quiet_at: float, now: float) -> float:
    """Return until when one more frame keeps a connection busy that is quiet from `quiet_at` on."""
    return max(quiet_at, now) + 1 / FRAMES_PER_SECOND


def ahead(quiet_at: float, now: float) -> float:
    """Return how many frames ahead of the clock a connection would be with one more."""
    return (busy_until(quiet_at, now) - now) * FRAMES_PER_SECOND - 1e-9


def too_many(frame: SendMessage) -> bytes:
    """Return the answer to a chat message that came too soon after others."""
    about = {"conversation_id": frame.conversation_id, "client_message_id": frame.client_message_id}
    return error_frame(TooManyMessages.code, TooManyMessages.title, **about)
