"""People in conversations: taking over, writing, handing back to the agent, and closing."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Response

from core.conversations import ConversationEnded, EmptyMessage, HandledBy, Role
from core.errors import NotFound
from core.ids import new_id
from core.plaintext import cleaned, says_something
from db import audit, conversation_turns, conversations, escalations, messages, tickets
from db.conversation_rows import Conversation
from db.messages import NewMessage
from db.pool import Connection
from ingest_api.deps import CallerOf, ServicesOf
from ingest_api.inbox_schemas import CloseRequest, ConversationRow, PersonMessage, SentMessage, TakeoverRequest
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
)
async def write_message(conversation_id: UUID, body: PersonMessage, write: WriteOf) -> Response:
    """Write to the user as a person; whoever does takes the conversation over, and the agent says nothing more.

    The message is stored, then shown on the user's pages, also on those that open later. Sent again under its
    `client_message_id`, it is one. A conversation that is over is a 409 (`conversation_ended`).
    """
    text = cleaned(body.text)
    if not says_something(text):
        raise EmptyMessage
    wanted = str(conversation_id)
    took_over: list[Conversation] = []

    async def work(connection: Connection) -> Answer:
        now = datetime.now(UTC)
        present = await _open(connection, write, wanted)
        after = await _take_over(connection, write, present, body.author, now)
        took_over.extend([after] if after is not present else [])
        said = _said(write, after, text, body)
        stored = await messages.insert_human(connection, said, now)
        if stored.is_new:
            detail = {"message_id": stored.message.message_id}
            await _note(connection, write, wanted, "conversation.message_sent", detail)
        shown = SentMessage(
            message=message_document(stored.message), handled_by=after.handled_by, agent_name=after.agent_name
        )
        return Answer(shown.model_dump(mode="json"), status=201)

    response = await write.run(work)
    for present in took_over:
        await tell_present(write, present)
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

    async def work(connection: Connection) -> Conversation:
        present = await _open(connection, write, str(conversation_id))
        return await _take_over(connection, write, present, author, datetime.now(UTC))

    return await _run_and_tell(write, work)


@router.post(
    "/{conversation_id}/handback",
    summary="Hand a conversation back",
    response_model=ConversationRow,
    responses=problem_responses(404, 409),
)
async def hand_back(conversation_id: UUID, write: WriteOf) -> Response:
    """Let the agent answer what the user says from now on; the ticket is resolved, and the user is told."""

    async def work(connection: Connection) -> Conversation:
        return await give_back(connection, write, await _open(connection, write, str(conversation_id)))

    return await _run_and_tell(write, work)


async def give_back(connection: Connection, write: Write, present: Conversation) -> Conversation:
    """Give a conversation that somebody waits in, or answers in, back to the agent; its ticket is resolved."""
    now, address = datetime.now(UTC), (connection, present.company_id, present.conversation_id)
    await tickets.resolve(*address, now)
    if present.handled_by is HandledBy.AGENT:
        return present
    await conversations.set_handled_by(*address, HandledBy.AGENT, now)
    await _note(connection, write, present.conversation_id, "conversation.handed_back", {})
    return await conversations.lock(*address)


async def _run_and_tell(write: Write, work: Callable[[Connection], Awaitable[Conversation]]) -> Response:
    """Change who answers, and tell the user's pages how it stands now."""
    changed: list[Conversation] = []

    async def answer(connection: Connection) -> Answer:
        changed.append(await work(connection))
        return Answer(ConversationRow.model_validate(changed[0]).model_dump(mode="json"))

    response = await write.run(answer)
    for present in changed:
        await tell_present(write, present)
    return response


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
            await _note(connection, write, wanted, "conversation.closed", wish.model_dump(exclude_none=True))
        after = await conversations.update(*address, now, resolved=wish.resolved)
        return Answer(ConversationRow.model_validate(after).model_dump(mode="json"))

    response = await write.run(work)
    closed = ConversationRow.model_validate_json(bytes(response.body))
    await write.services.desk.tell_ended(company_id, closed.user_id, wanted, closed.close_code or wish.code)
    return response


async def _open(connection: Connection, write: Write, conversation_id: str) -> Conversation:
    """Return a conversation that is not over, and keep others from changing it; raises NotFound, ConversationEnded."""
    present = await conversations.lock(connection, write.caller.company_id, conversation_id)
    if present.is_over:
        raise ConversationEnded
    return present


async def _take_over(
    connection: Connection, write: Write, present: Conversation, author: str | None, now: datetime
) -> Conversation:
    """Let a person answer, under the name that the user sees; returns `present` itself when nothing changes."""
    is_human = present.handled_by is HandledBy.HUMAN
    if is_human and author in (None, present.agent_name):
        return present
    address = (connection, present.company_id, present.conversation_id)
    await conversations.set_handled_by(*address, HandledBy.HUMAN, now, agent_name=author)
    if not is_human:
        await _acknowledge(connection, write, present.conversation_id, now)
        await _note(connection, write, present.conversation_id, "conversation.taken_over", {})
    return await conversations.lock(*address)


async def _acknowledge(connection: Connection, write: Write, conversation_id: str, now: datetime) -> None:
    """Note in the conversation's ticket who looks after it."""
    caller = write.caller
    ticket = await tickets.open_of(connection, caller.company_id, conversation_id)
    if ticket is None or ticket.status != "open":
        return
    await escalations.update(
        connection,
        caller.company_id,
        ticket.ticket_id,
        status="acknowledged",
        assigned_to=ticket.assigned_to or caller.email,
        actor=caller.actor,
        now=now,
        trace_id=write.trace_id,
    )


async def _note(connection: Connection, write: Write, subject: str, action: str, detail: dict[str, Any]) -> None:
    caller = write.caller
    await audit.record(connection, caller.company_id, caller.actor, action, subject, detail, write.trace_id)


async def tell_present(write: Write, present: Conversation) -> None:
    """Tell the user's pages who answers now; a person who does so cuts short what the agent is saying."""
    if present.handled_by is HandledBy.HUMAN:
        await _stop_answer(write, present)
    address = (present.company_id, present.user_id, present.conversation_id)
    await write.services.desk.tell_handoff(*address, present.handled_by, new_id(), agent=present.agent_name)


async def _stop_answer(write: Write, present: Conversation) -> None:
    """Ask for the end of the answer that is being written; what of it was said already stands."""
    async with write.services.database.transaction(present.company_id) as connection:
        turn = await conversation_turns.under_way(connection, present.company_id, present.conversation_id)
    if turn is not None:
        await write.services.desk.stop(turn)
