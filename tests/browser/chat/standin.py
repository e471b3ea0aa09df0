"""A stand-in for the API and the gateway that holds a conversation: does what the contract says, or a test asks."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.sync.server import ServerConnection

from tests.browser.sdk.standin import Reply, Request, StandIn

SESSION = "/api/v1/support/chat/session"
HISTORY = "/api/v1/support/chat/history"
CHAT_TOKEN = "chat-token"


class ChatStandIn(StandIn):
    """Keeps one conversation of one user; answers only when a test says so."""

    def __init__(self, dist: Path) -> None:
        super().__init__(dist)
        self.stored: list[dict[str, Any]] = []
        self.conversation: dict[str, Any] | None = None
        self.available = True
        self.suggestions: list[str] = []
        self.page_size = 30
        self.deaf = False
        self.error: dict[str, Any] | None = None
        self.without_script = False
        self._conversations = 0

    # -- the API ------------------------------------------------------------------------------------------------------

    def answer(self, request: Request) -> Reply:
        """Answer for the chat, else as every stand-in does."""
        address = urlsplit(request.path)
        if address.path not in (SESSION, HISTORY):
            return super().answer(request)
        with self._lock, self._line:
            self.requests.append(request)
            ruled = self.rule(request) if self.rule else None
            if address.path == SESSION:
                return ruled or self._session(request)
            return ruled or self._history(request, parse_qs(address.query)["before"][0])

    def script(self, name: str) -> bytes:
        """Return a script; a host's policy, or a broken deployment, may keep the chat's away."""
        return b"" if self.without_script and "chat" in name else super().script(name)

    def _session(self, request: Request) -> Reply:
        if not request.headers.get("X-User-Token"):
            return Reply(401, {"code": "unauthenticated"})
        messages, cursor = self._page(len(self.stored))
        return Reply(
            200,
            {
                "token": CHAT_TOKEN,
                "expires_at": "2099-01-01T00:00:00Z",
                "conversation": self.conversation,
                "messages": messages,
                "next_cursor": cursor,
                "person_available": self.available,
                "suggestions": self.suggestions,
            },
        )

    def _history(self, request: Request, before: str) -> Reply:
        if request.headers.get("Authorization") != f"Bearer {CHAT_TOKEN}":
            return Reply(401, {"code": "unauthenticated"})
        items, cursor = self._page(int(before))
        return Reply(200, {"items": items, "next_cursor": cursor})

    def _page(self, end: int) -> tuple[list[dict[str, Any]], str | None]:
        begin = max(0, end - self.page_size)
        return self.stored[begin:end], str(begin) if begin else None

    # -- the gateway --------------------------------------------------------------------------------------------------

    def _hear(self, socket: ServerConnection, frame: dict[str, Any]) -> None:
        super()._hear(socket, frame)
        if frame["type"] == "send_message" and not self.deaf:
            self._accept(socket, frame)

    def _accept(self, socket: ServerConnection, frame: dict[str, Any]) -> None:
        if self.error:
            refusal = {"type": "error", "client_message_id": frame["client_message_id"], **self.error}
            self.error = None
            socket.send(json.dumps(refusal))
            return
        if not self.conversation:
            self.begin()
        assert self.conversation
        message = self._kept(frame) or self.store("user", frame["text"], client_message_id=frame["client_message_id"])
        accepted = {
            "type": "message.accepted",
            "client_message_id": frame["client_message_id"],
            "conversation_id": message["conversation_id"],
            "message_id": message["message_id"],
        }
        socket.send(json.dumps(accepted))
        self.push({"type": "message", **message})

    def _kept(self, frame: dict[str, Any]) -> dict[str, Any] | None:
        ids = {message.get("client_message_id"): message for message in self.stored}
        return ids.get(frame["client_message_id"])

    # -- what a conversation is made of -------------------------------------------------------------------------------

    def begin(self) -> str:
        """Begin a conversation."""
        self._conversations += 1
        name = f"c{self._conversations}"
        self.conversation = {"conversation_id": name, "state": "IN_PROGRESS", "handled_by": "agent"}
        return name

    def store(self, role: str, text: str, **more: Any) -> dict[str, Any]:
        """Keep a message of the conversation that goes on."""
        assert self.conversation
        position = len(self.stored) + 1
        message = {
            "message_id": f"m{position}",
            "conversation_id": self.conversation["conversation_id"],
            "position": position,
            "role": role,
            "text": text,
            "status": "stored",
            "citations": [],
            "created_at": (datetime.now(UTC) + timedelta(microseconds=position)).isoformat(),
        } | more
        self.stored.append(message)
        return message

    def say(self, text: str, role: str = "assistant", **more: Any) -> dict[str, Any]:
        """Store a message and push it to the page."""
        with self._line:
            message = self.store(role, text, **more)
            self.push({"type": "message", **message})
        return message

    def stream(self, *pieces: str, run: str = "r1", message_id: str | None = None, begin: int = 0) -> str:
        """Send sentences of an answer under way; return its id."""
        answer = message_id or f"m{len(self.stored) + 1}"
        for index, text in enumerate(pieces, begin):
            self.send("message.delta", message_id=answer, run=run, index=index, text=text)
        return answer

    def send(self, kind: str, **facts: Any) -> None:
        """Send a passing frame about the conversation."""
        assert self.conversation
        self.tell({"type": kind, "conversation_id": self.conversation["conversation_id"], **facts})

    def hand(self, handled_by: str, **facts: Any) -> None:
        """Tell who handles the conversation from now on."""
        assert self.conversation
        self.conversation |= {"handled_by": handled_by, **facts}
        about = {"conversation_id": self.conversation["conversation_id"], "handled_by": handled_by}
        self.push({"type": "handoff", **about, **facts})

    def end(self, code: str = "completed") -> None:
        """End the conversation."""
        assert self.conversation
        self.push({"type": "ended", "conversation_id": self.conversation["conversation_id"], "code": code})
        self.conversation = None

    def heard(self, *kinds: str) -> list[dict[str, Any]]:
        """Return the frames of these types that the page has sent."""
        return [frame for frame in self.frames if frame["type"] in kinds]
