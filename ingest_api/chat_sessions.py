"""Sessions of the chat in the page: a short-lived token that the page renews while it is used.

The token is a user token that names its session as well, so the gateway and every route that takes user tokens accept
it. It ends by inactivity: whoever does not renew it within its life needs a token of the host, or of an anonymous
visitor, again. However often it is renewed, a session lasts half a day at most, since the host is not asked meanwhile
whether the user is still logged in.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from core.errors import TokenExpired
from core.events import from_ms
from core.ids import is_uuid, new_id
from core.security import UserClaims, issue_user_token

LONGEST: Final = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class ChatToken:
    """A token that was just signed, and the session it is of."""

    token: str
    session_id: str
    expires_at: datetime


def issue(secret: str, claims: UserClaims, life: timedelta, now: datetime) -> ChatToken:
    """Sign the next token of the claims' session, or the first of a new one.

    Raises TokenExpired when the session has lasted long enough; its tokens cannot be renewed any more.
    """
    begun = session_start(claims.session_id)
    session_id = claims.session_id if begun and claims.session_id else new_id(int(now.timestamp() * 1000))
    end = (begun or now) + LONGEST
    if end <= now:
        raise TokenExpired("The chat session has lasted its time; begin another one.")
    token, expires_at = issue_user_token(
        secret,
        claims.company_id,
        claims.user_id,
        now,
        life=min(life, end - now),
        anonymous=claims.anonymous,
        session_id=session_id,
    )
    return ChatToken(token, session_id, expires_at)


def session_start(session_id: str | None) -> datetime | None:
    """Return when a session of ours began, which its id (UUIDv7) holds; None for what another one calls a session."""
    if session_id is None or not is_uuid(session_id):
        return None
    number = uuid.UUID(session_id)
    return from_ms(number.int >> 80) if number.version == 7 else None
