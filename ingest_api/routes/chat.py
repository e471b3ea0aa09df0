"""The chat in the page: its session, its history, and thumbs. The user's token is the credential."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query

from core.baselines import page_path
from core.config import CompanyConfig
from core.conversations import HandledBy, Message
from core.errors import NotFound
from core.office_hours import is_open, minutes_until_reply
from core.playbooks import Playbook, in_language, language_of
from core.security import UserClaims
from db import chat_history, conversations, messages, playbooks, tickets, users
from db.conversation_rows import Conversation
from db.conversation_voices import check_voices
from db.pool import Connection
from db.tickets import Ticket
from ingest_api import chat_sessions, talking
from ingest_api.chat_schemas import (
    ChatConversation,
    ChatPage,
    ChatSession,
    ChatSessionRequest,
    FeedbackNoted,
    FeedbackRequest,
)
from ingest_api.deps import ServicesOf
from ingest_api.problems import problem_responses
from ingest_api.speakers import VisitorOf
from ingest_api.talk_views import message_document
from ingest_api.wiring import Services

SHOWN_MESSAGES: Final = 50
ENDED_LATELY: Final = timedelta(days=1)
"""How long a conversation that is over is still opened with."""
SEEN_LATELY: Final = timedelta(minutes=10)
"""How long a user is taken to be on the page where they were seen last."""

router = APIRouter(prefix="/api/v1/support/chat", tags=["chat"])


@dataclass(frozen=True, slots=True)
class _View:
    """What a chat opens with."""

    config: CompanyConfig
    playbook: Playbook
    conversation: Conversation | None
    ticket: Ticket | None
    said: list[Message]
    earlier: str | None
    page_url: str | None


@router.post(
    "/session",
    summary="Begin or renew a chat session",
    status_code=201,
    responses=problem_responses(404),
)
async def open_session(visitor: VisitorOf, services: ServicesOf, body: ChatSessionRequest | None = None) -> ChatSession:
    """Return a short-lived token for the chat, with the conversation to open with; none is begun.

    Send a user token, of a logged-in user or an anonymous visitor, with the public key; or the session's own token
    while it is good, to renew it. A token that ran out is a 401 (`token_expired`). Where there are no conversations for
    this user, and no person talks with them, the answer is a 403 (`conversations_unavailable`).
    """
    now, wish = datetime.now(UTC), body or ChatSessionRequest()
    async with services.database.transaction(visitor.company_id) as connection:
        view = await _view(services, connection, visitor, wish, now)
    secrets = await services.load_identity_secrets(visitor.company_id)
    life = timedelta(seconds=services.settings.conversations.chat_session_seconds)
    return _session(chat_sessions.issue(secrets[0], visitor, life, now), visitor, view, wish, now)


async def _view(
    services: Services, connection: Connection, visitor: UserClaims, wish: ChatSessionRequest, now: datetime
) -> _View:
    address = (connection, visitor.company_id)
    config = await talking.config_of(services, *address)
    is_on = services.flags.may_converse(visitor.company_id, visitor.user_id, config.conversations)
    page = wish.page_url or await users.last_page(*address, visitor.user_id, now - SEEN_LATELY)
    found = await _conversation(connection, visitor, wish.conversation_id, now)
    await check_voices(connection, found, is_on=is_on)
    if found is None:
        chosen = await playbooks.load(*address, wish.playbook or config.conversations.default_playbook)
        return _View(config, chosen.playbook, None, None, [], None, page)
    rows = await chat_history.page(
        *address, visitor.user_id, conversation_id=found.conversation_id, limit=SHOWN_MESSAGES
    )
    said = _in_order(rows.items)
    ticket = await tickets.open_of(*address, found.conversation_id)
    playbook = await talking.playbook_of(connection, found)
    return _View(config, playbook, found, ticket, said, await _earlier(connection, visitor, said), page)


async def _conversation(
    connection: Connection, visitor: UserClaims, wanted: str | None, now: datetime
) -> Conversation | None:
    """Return the conversation to open with; raises NotFound for one that is asked for and is not the user's."""
    if wanted is None:
        return await chat_history.shown(connection, visitor.company_id, visitor.user_id, now - ENDED_LATELY)
    found = await conversations.get(connection, visitor.company_id, wanted)
    if found is None or found.user_id != visitor.user_id:
        raise NotFound("There is no such conversation.")
    return found


async def _earlier(connection: Connection, visitor: UserClaims, said: Sequence[Message]) -> str | None:
    """Return the cursor of what was said before these messages, or None when nothing was."""
    if not said:
        return None
    cursor = chat_history.before(said[0])
    page = await chat_history.page(connection, visitor.company_id, visitor.user_id, cursor=cursor, limit=1)
    return cursor if page.items else None


def _in_order(rows: Sequence[dict[str, Any]]) -> list[Message]:
    return [Message.model_validate(row) for row in reversed(rows)]


def _session(
    token: chat_sessions.ChatToken, visitor: UserClaims, view: _View, wish: ChatSessionRequest, now: datetime
) -> ChatSession:
    found, handoff = view.conversation, view.config.conversations.handoff
    language = (found and found.language) or wish.language or view.config.tone.language
    return ChatSession(
        token=token.token,
        expires_at=token.expires_at,
        session_id=token.session_id,
        user_id=visitor.user_id,
        conversation=found and _shown(found, view.ticket),
        playbook=view.playbook.name,
        language=language_of(view.playbook.greeting, language),
        greeting=in_language(view.playbook.greeting, language),
        messages=[message_document(one) for one in view.said],
        next_cursor=view.earlier,
        person_available=is_open(handoff, now),
        expected_minutes=minutes_until_reply(handoff, now),
        suggestions=list(view.playbook.suggested(language, view.page_url and page_path(view.page_url))),
    )


def _shown(found: Conversation, ticket: Ticket | None) -> ChatConversation:
    waiting = ticket if found.handled_by is HandledBy.QUEUE else None
    return ChatConversation(
        conversation_id=found.conversation_id,
        state=found.state,
        handled_by=found.handled_by,
        playbook=found.playbook,
        stage=found.stage,
        language=found.language,
        agent=found.agent_name,
        ticket_id=ticket.ticket_id if ticket else None,
        expected_by=waiting.expected_by if waiting else None,
        may_cancel=bool(waiting and waiting.may_be_withdrawn),
    )


@router.get("/history", summary="Read what was said")
async def read_history(
    visitor: VisitorOf,
    services: ServicesOf,
    before: Annotated[str | None, Query(max_length=1024, description="`next_cursor` of the page before")] = None,
    cursor: Annotated[str | None, Query(max_length=1024, description="Another name for `before`")] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Messages on the page")] = SHOWN_MESSAGES,
) -> ChatPage:
    """Return what was said with the user of the token, over all their conversations, the latest page first."""
    async with services.database.transaction(visitor.company_id) as connection:
        page = await chat_history.page(
            connection, visitor.company_id, visitor.user_id, cursor=before or cursor, limit=limit
        )
    return ChatPage(items=[message_document(one) for one in _in_order(page.items)], next_cursor=page.next_cursor)


@router.post("/messages/{message_id}/feedback", summary="Rate an answer", responses=problem_responses(404))
async def rate_answer(
    message_id: UUID, body: FeedbackRequest, visitor: VisitorOf, services: ServicesOf
) -> FeedbackNoted:
    """Note thumbs up or down for an answer that the user of the token got; the last word counts."""
    wanted, now = str(message_id), datetime.now(UTC)
    async with services.database.transaction(visitor.company_id) as connection:
        if not await messages.rate(connection, visitor.company_id, visitor.user_id, wanted, body.rating, now):
            raise NotFound("There is no such answer.")
    return FeedbackNoted(message_id=wanted, rating=body.rating)
