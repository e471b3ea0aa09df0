"""The protocol of one connection as a state machine without I/O.

A session starts `catching up`: frames that arrive meanwhile are held, so that what the client missed comes first and
nothing comes twice. Frames are told apart by `seq`; the machine never sends one at or below the last.
"""

from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from core.frames import CLIENT_FRAME, PONG, CloseCode, NudgeAck, Ping, error_frame
from core.outbox import Frame

FRAMES_PER_SECOND: Final = 10.0
"""Client frames a second that a connection may send in the long run."""
BURST: Final = 40.0
"""Client frames that it may send at once."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Send these bytes to this client."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Report:
    """Pass on what the client says of a nudge."""

    ack: NudgeAck


@dataclass(frozen=True, slots=True)
class Hangup:
    """Close the connection."""

    code: CloseCode


Effect = Reply | Report | Hangup


class Session:
    """What the gateway knows of one connection. Slots, since there are tens of thousands."""

    __slots__ = ("_allowance", "_allowed_at", "_held", "company_id", "connection_id", "last_seq", "user_id")

    def __init__(self, connection_id: str, company_id: str, user_id: str, now: float) -> None:
        self.connection_id = connection_id
        self.company_id = company_id
        self.user_id = user_id
        self.last_seq = 0
        self._held: list[Frame] | None = []
        self._allowance = BURST
        self._allowed_at = now

    @property
    def catching_up(self) -> bool:
        """Whether the client has not yet been told what it missed."""
        return self._held is not None

    def catch_up(self, seq: int, missed: list[Frame]) -> list[bytes]:
        """Return what to send after `hello`, in order: what was missed, then what arrived meanwhile.

        `seq` is the last number that the client is known to have.
        """
        held, self._held = self._held or [], None
        self.last_seq = max(self.last_seq, seq)
        fresh = [data for frame in sorted(missed) if (data := self._pass(frame)) is not None]
        return fresh + [data for frame in held if (data := self._pass(frame)) is not None]

    def deliver(self, frame: Frame) -> bytes | None:
        """Return the bytes to send for a frame that arrived, or None when it is held or was sent before."""
        if self._held is not None:
            self._held.append(frame)
            return None
        return self._pass(frame)

    def _pass(self, frame: Frame) -> bytes | None:
        if frame.seq == 0:
            return frame.data
        if frame.seq <= self.last_seq:
            return None
        self.last_seq = frame.seq
        return frame.data

    def receive(self, text: str | bytes, now: float) -> Effect:
        """Return what to do about a frame from the client."""
        if not self._may_send(now):
            return Hangup(CloseCode.TOO_MANY)
        try:
            frame = CLIENT_FRAME.validate_json(text)
        except ValidationError:
            return Reply(error_frame("invalid_frame", "The frame is not one that this endpoint knows."))
        if isinstance(frame, NudgeAck):
            return Report(frame)
        if isinstance(frame, Ping):
            return Reply(PONG)
        return Reply(error_frame("conversations_unavailable", "Conversations are not switched on here."))

    def _may_send(self, now: float) -> bool:
        self._allowance = min(BURST, self._allowance + (now - self._allowed_at) * FRAMES_PER_SECOND)
        self._allowed_at = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True
