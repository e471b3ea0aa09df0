"""The demo's sessions: one journey per browser, in memory, found by a cookie."""

import secrets
from collections import OrderedDict

from starlette.requests import Request
from starlette.responses import Response

from local.demo.journey import Journey

COOKIE = "demo_session"
MAX_SESSIONS = 10_000
MAX_AGE_SECONDS = 7 * 24 * 3600


class Sessions:
    """Journeys by session id; at most `capacity`, the one unused for longest goes first."""

    def __init__(self, capacity: int = MAX_SESSIONS) -> None:
        self._journeys: OrderedDict[str, Journey] = OrderedDict()
        self._capacity = capacity

    def find(self, request: Request) -> tuple[str, Journey] | None:
        """The session that the request's cookie names, or None when there is none (or it is gone)."""
        session_id = request.cookies.get(COOKIE, "")
        journey = self._journeys.get(session_id)
        if journey is None:
            return None
        self._journeys.move_to_end(session_id)
        return session_id, journey

    def open(self) -> tuple[str, Journey]:
        """A fresh session of a visitor nobody has seen before."""
        session_id = secrets.token_urlsafe(24)
        self.save(session_id, Journey(user_id=f"demo-{secrets.token_hex(6)}"))
        return session_id, self._journeys[session_id]

    def save(self, session_id: str, journey: Journey) -> None:
        """Keep the journey under its session id."""
        self._journeys[session_id] = journey
        self._journeys.move_to_end(session_id)
        while len(self._journeys) > self._capacity:
            self._journeys.popitem(last=False)

    def forget(self, session_id: str) -> None:
        """Drop a session; unknown ids are fine."""
        self._journeys.pop(session_id, None)


def set_cookie(response: Response, session_id: str, *, secure: bool) -> None:
    """Hand the session to the browser: hidden from scripts, and not sent along from other sites."""
    response.set_cookie(
        COOKIE, session_id, max_age=MAX_AGE_SECONDS, httponly=True, samesite="lax", secure=secure, path="/"
    )
