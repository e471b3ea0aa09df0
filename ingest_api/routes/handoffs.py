"""People in conversations: taking over, writing, handing back to the agent, and closing."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import orjson
from fastapi import APIRouter, Response

from core.conversations import Role, message_text
from core.errors import NotFound
from core.ids import new_id
from db import conversations, messages, tickets
from db.conversation_rows import Conversation
from db.messages import NewMessage
from db.pool import Connection
from ingest_api import presence
from ingest_api.deps import SAID, CallerOf, ServicesOf
from ingest_api.inbox_schemas import CloseRequest, ConversationRow, PersonMessage, SentMessage, TakeoverRequest
from ingest_api.presence import Present
from ingest_api.problems import problem_responses
from ingest_api.talk_views import message_document
from ingest_api.writes import Answer, Write, WriteOf

router = APIRouter(prefix="/api/v1/conversations", tags=["conversations"])


@router.post(
    "/{conversation_id}/messages",
    summary="Write to the user",
    status_code=201,
    response_model=SentMessage,
    responses=problem_responses(404, 409, 422),
    dependencies=[SAID],
)
async def write_message(conversation_id: UUID, body: PersonMessage, write: WriteOf) -> Response:
    """Write to the user as a person; whoever does takes the conversation over, and the agent says nothing more.

    The message is stored, then shown on the user's pages, also on those that open later. Sent again under its
    `client_message_id`, it is one. A conversation that is over is a 409 (`conversation_ended`).
    """
    text, wanted = message_text(body.text), str(conversation_id)

    async def work(connection: Connection) -> Answer:
        now = datetime.now(UTC)
        present = await presence.open_conversation(connection, write, wanted)
        after = await presence.take_over(connection, write, present, body.author, now)
        said = _said(write, after, text, body)
        stored = await messages.insert_human(connection, said, now)
        if stored.is_new:
            detail = {"message_id": stored.message.message_id}
            await presence.note(connection, write, wanted, "conversation.message_sent", detail)
        shown = SentMessage(
            message=message_document(stored.message), handled_by=after.handled_by, agent_name=after.agent_name
        )
        then = None if after is present else partial(presence.tell_present, write, Present(after))
        return Answer(shown.model_dump(mode="json"), status=201, then=then)

    response = await write.run(work)
    await _tell_sent(write, orjson.loads(response.body)["message"]["message_id"])
    return response


def _said(write: Write, present: Conversation, text: str, body: PersonMessage) -> NewMessage:
    return NewMessage(
        company_id=present.company_id,
        conversation_id=present.conversation_id,
        message_id=new_id(),
        role=Role.AGENT,
        text=text,
        trace_id=write.trace_id,
        author=body.author or present.agent_name,
        client_message_id=body.client_message_id,
    )


async def _tell_sent(write: Write, message_id: str) -> None:
    """Show a stored message on the user's pages; also for a repetition, since the first one may have failed to."""
    company_id = write.caller.company_id
    async with write.services.database.transaction(company_id) as connection:
        message = await messages.get(connection, company_id, message_id)
        assert message is not None, "it was stored a moment ago"
        found = await conversations.get(connection, company_id, message.conversation_id)
        assert found is not None, "its message refers to it"
    await write.services.desk.tell_message(company_id, found.user_id, message)


@router.post(
    "/{conversation_id}/typing",
    summary="Show that you are writing",
    status_code=204,
    response_model=None,
    responses=problem_responses(404),
)
async def show_typing(conversation_id: UUID, caller: CallerOf, services: ServicesOf) -> Response:
    """Show on the user's pages that a person is writing; it holds for ten seconds, or until the message comes."""
    async with services.database.transaction(caller.company_id) as connection:
        found = await conversations.get(connection, caller.company_id, str(conversation_id))
    if found is None:
        raise NotFound
    await services.desk.tell_typing(caller.company_id, found.user_id, found.conversation_id)
    return Response(status_code=204)


@router.post(
    "/{conversation_id}/takeover",
    summary="Take a conversation over",
    response_model=ConversationRow,
    responses=problem_responses(404, 409),
)
async def take_over(conversation_id: UUID, write: WriteOf, body: TakeoverRequest | None = None) -> Response:
    """Let a person answer from now on; the user is told, and the open ticket counts as acknowledged."""
    author = body.author if body else None

    async def work(connection: Connection) -> Present:
        present = await presence.open_conversation(connection, write, str(conversation_id))
        return Present(await presence.take_over(connection, write, present, author, datetime.now(UTC)))

    return await _run_and_tell(write, work)


@router.post(
    "/{conversation_id}/handback",
    summary="Hand a conversation back",
    response_model=ConversationRow,
    responses=problem_responses(404, 409),
)
async def hand_back(conversation_id: UUID, write: WriteOf) -> Response:
    """Let the agent answer what the user says from now on; the ticket is resolved, and the user is told.

    What the user said last, and nobody answered, the agent answers now.
    """

    async def work(connection: Connection) -> Present:
        present = await presence.open_conversation(connection, write, str(conversation_id))
        return await presence.give_back(connection, write, present)

    return await _run_and_tell(write, work)


async def _run_and_tell(write: Write, work: Callable[[Connection], Awaitable[Present]]) -> Response:
    """Change who answers, and tell the user's pages how it stands now."""

    async def answer(connection: Connection) -> Answer:
        present = await work(connection)
        shown = ConversationRow.model_validate(present.conversation).model_dump(mode="json")
        return Answer(shown, then=partial(presence.tell_present, write, present))

    return await write.run(answer)


@router.post(
    "/{conversation_id}/close",
    summary="Close a conversation",
    response_model=ConversationRow,
    responses=problem_responses(404, 409),
)
async def close_conversation(conversation_id: UUID, write: WriteOf, body: CloseRequest | None = None) -> Response:
    """End a conversation and its ticket; what the user says next begins another one. Closing it again does nothing."""
    wish, company_id, wanted = body or CloseRequest(), write.caller.company_id, str(conversation_id)

    async def work(connection: Connection) -> Answer:
        now, address = datetime.now(UTC), (connection, company_id, wanted)
        if await conversations.close(*address, wish.code, now):
            await tickets.resolve(*address, now)
            await presence.note(connection, write, wanted, "conversation.closed", wish.model_dump(exclude_none=True))
        after = await conversations.update(*address, now, resolved=wish.resolved)
        return Answer(ConversationRow.model_validate(after).model_dump(mode="json"))

    response = await write.run(work)
    closed = ConversationRow.model_validate_json(bytes(response.body))
    await write.services.desk.tell_ended(company_id, closed.user_id, wanted, closed.close_code or wish.code)
    return response
