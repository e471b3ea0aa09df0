"""Frames of the WebSocket (CONTRACT: `/ws/{user_id}`): what the gateway sends and what it accepts.

Durable frames carry `seq`, which increases per user; deltas, typing and errors do not.
"""

from enum import IntEnum
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from core.conversations import HandledBy, Message, MessageText
from core.nudges import Nudge, NudgeStatus

MAX_FRAME_BYTES: Final = 128 * 1024
"""Largest frame that a client may send: far above the longest message, so that a text of 100 KB gets an answer."""

_Id = Annotated[str, StringConstraints(min_length=1, max_length=64)]
_NudgeId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


class CloseCode(IntEnum):
    """Why the gateway closed a socket. 44xx codes are ours; 1012 and 1013 are of the IANA registry."""

    UNAUTHENTICATED = 4401
    FORBIDDEN = 4403
    TOO_SLOW = 4408
    ERASED = 4410
    """The user was erased: forget what is kept of them here, and do not come back as them by itself."""
    TOO_MANY = 4429
    DRAINING = 1012
    """Service restart: reconnect, to whichever gateway answers."""
    TRY_AGAIN_LATER = 1013
    """A store that the connection cannot do without is away."""


class _ClientFrame(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class NudgeAck(_ClientFrame):
    """The page reports what became of a nudge."""

    type: Literal["nudge.ack"]
    nudge_id: _NudgeId
    status: Literal["shown", "clicked", "dismissed", "snoozed"]


class SendMessage(_ClientFrame):
    """The user writes in the chat; a null conversation continues the active one."""

    type: Literal["send_message"]
    conversation_id: _Id | None = None
    client_message_id: _Id
    text: MessageText
    playbook: _Id | None = None


class Feedback(_ClientFrame):
    """Thumbs up or down for an answer."""

    type: Literal["feedback"]
    message_id: _Id
    rating: Literal["up", "down"]


class Stop(_ClientFrame):
    """The user stops the answer that is being written."""

    type: Literal["stop"]
    conversation_id: _Id


class RequestHuman(_ClientFrame):
    """The user asks for a person."""

    type: Literal["request_human"]
    conversation_id: _Id


class CancelHuman(_ClientFrame):
    """The user who waits for a person wants none any more."""

    type: Literal["cancel_human"]
    conversation_id: _Id


class Ping(_ClientFrame):
    """A sign of life from a client that cannot send protocol pings."""

    type: Literal["ping"]


ConversationFrame = SendMessage | Feedback | Stop | RequestHuman | CancelHuman
"""What a client wants of conversations."""
ClientFrame = NudgeAck | ConversationFrame | Ping
CLIENT_FRAME: Final[TypeAdapter[ClientFrame]] = TypeAdapter(Annotated[ClientFrame, Field(discriminator="type")])


ERASED: Final = "erased"
"""Type of a frame that no client sees: gateways close the user's sockets instead (`CloseCode.ERASED`)."""


def hello_frame(connection_id: str, epoch: str, seq: int, *, resumed: bool) -> bytes:
    """First frame of every connection.

    `seq` is the number up to which the client is up to date, so that it may resume from there: frames that it missed
    have greater ones and follow.
    """
    return orjson.dumps(
        {"type": "hello", "connection_id": connection_id, "epoch": epoch, "seq": seq, "resumed": resumed}
    )


def nudge_frame(nudge: Nudge) -> dict[str, Any]:
    """Durable frame that carries a nudge; the outbox adds `seq`."""
    return {"type": "nudge", "nudge": nudge.model_dump(mode="json")}


def nudge_status_frame(nudge_id: str, status: NudgeStatus, by: str) -> dict[str, Any]:
    """Tells the user's other connections what became of a nudge, so that none shows it again; `by` is not told."""
    return {"type": "nudge.status", "nudge_id": nudge_id, "status": status.value, "by": by}


def accepted_frame(client_message_id: str, conversation_id: str, message_id: str) -> bytes:
    """Tells the connection that sent a message that it is stored and will be answered."""
    return orjson.dumps(
        {
            "type": "message.accepted",
            "client_message_id": client_message_id,
            "conversation_id": conversation_id,
            "message_id": message_id,
        }
    )


def message_frame(message: Message) -> dict[str, Any]:
    """Durable frame that carries a message; the outbox adds `seq`. Published under the message's id."""
    return {
        "type": "message",
        **message.model_dump(mode="json", include=_SHOWN, exclude_none=True),
        "citations": [
            citation.model_dump(mode="json", exclude={"chunk_id"}, exclude_none=True) for citation in message.citations
        ],
    }


_SHOWN: Final = {
    "conversation_id", "message_id", "client_message_id", "position", "role", "text", "language", "status", "author",
    "created_at",
}  # fmt: skip


def delta_frame(conversation_id: str, message_id: str, run: str, index: int, text: str) -> dict[str, Any]:
    """Passing frame that carries a checked sentence of an answer under way.

    `index` counts from 0 within a `run`; a new run (the answer was begun anew) takes the place of what came before.
    """
    return {
        "type": "message.delta",
        "conversation_id": conversation_id,
        "message_id": message_id,
        "run": run,
        "index": index,
        "text": text,
    }


def typing_frame(conversation_id: str, by: Literal["assistant", "agent"] = "assistant") -> dict[str, Any]:
    """Passing frame: somebody is writing. It holds for ten seconds, or until a message or delta comes."""
    return {"type": "typing", "conversation_id": conversation_id, "by": by}


def handoff_frame(conversation_id: str, handled_by: HandledBy, **facts: Any) -> dict[str, Any]:
    """Durable frame: who handles the conversation now. `facts`: `ticket_id`, `expected_by`, `agent` (a name),
    `may_cancel` (the user may take the wish for a person back)."""
    known = {name: value for name, value in facts.items() if value is not None}
    return {"type": "handoff", "conversation_id": conversation_id, "handled_by": handled_by.value, **known}


def ended_frame(conversation_id: str, code: str) -> dict[str, Any]:
    """Durable frame: the conversation is over; `code` says how (completed, cancelled, stale, error)."""
    return {"type": "ended", "conversation_id": conversation_id, "code": code}


def error_frame(code: str, detail: str | None = None, **about: str | None) -> bytes:
    """Answer to a frame that we could not accept; the connection stays open.

    `about` names what it was about: `conversation_id`, `client_message_id`, `message_id`.
    """
    known = {name: value for name, value in about.items() if value is not None}
    return orjson.dumps({"type": "error", "code": code, "detail": detail, **known})


PONG: Final = orjson.dumps({"type": "pong"})
