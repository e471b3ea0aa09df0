"""The inbox: what people of the company see of conversations, change in them, and take home."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse

from core.conversations import (
    ENDED,
    ConversationEnded,
    ConversationState,
    HandledBy,
    Message,
    change_state_by_hand,
)
from core.errors import NotFound
from core.playbooks import NAME_PATTERN
from db import audit, conversations, messages, playbooks, tickets, users
from db.conversation_rows import Conversation
from db.pool import Connection
from ingest_api import transcripts
from ingest_api.deps import CallerOf, Cursor, ExchangeOf, Limit, ServicesOf, UserFilter
from ingest_api.inbox_schemas import ConversationChange, ConversationDocument, ConversationRow
from ingest_api.presence import note
from ingest_api.problems import problem_responses
from ingest_api.refusals import NoConsent
from ingest_api.schemas import ListOf
from ingest_api.talk_views import conversation_document, message_document
from ingest_api.writes import Answer, WriteOf

SHOWN_MESSAGES: Final = 100
"""Messages of a conversation on one page."""
_BATCH: Final = 500
_State = Annotated[ConversationState | None, Query(description="In this state alone")]

router = APIRouter(prefix="/api/v1/conversations", tags=["conversations"])


@router.get("", summary="List conversations")
async def list_conversations(
    caller: CallerOf,
    services: ServicesOf,
    status: _State = None,
    state: _State = None,
    handled_by: Annotated[HandledBy | None, Query(description="With this one alone: `queue` waits for you")] = None,
    language: Annotated[str | None, Query(pattern=r"^[a-z]{2,3}$")] = None,
    phone: Annotated[str | None, Query(min_length=1, max_length=32, pattern=r"^[+0-9 ()./-]+$")] = None,
    user_id: UserFilter = None,
    playbook: Annotated[str | None, Query(pattern=NAME_PATTERN)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ListOf[ConversationRow]:
    """Return conversations, the latest begun first; `status` and `state` are the same."""
    async with services.database.transaction(caller.company_id) as connection:
        page = await conversations.list_(
            connection,
            caller.company_id,
            state=status or state,
            handled_by=handled_by,
            language=language,
            phone=phone,
            user_id=user_id,
            playbook=playbook,
            cursor=cursor,
            limit=limit,
        )
    return ListOf(items=[ConversationRow(**row) for row in page.items], next_cursor=page.next_cursor)


@router.get("/{conversation_id}", summary="Read a conversation", responses=problem_responses(404))
async def read_conversation(
    conversation_id: UUID,
    caller: CallerOf,
    services: ServicesOf,
    cursor: Annotated[str | None, Query(pattern=r"^[0-9]{1,9}$", description="`previous_cursor` of the page")] = None,
) -> ConversationDocument:
    """Return a conversation with its latest messages in order, and the ticket that a person is not done with."""
    async with services.database.transaction(caller.company_id) as connection:
        return await _document(connection, caller.company_id, str(conversation_id), int(cursor) if cursor else None)


async def _document(
    connection: Connection, company_id: str, conversation_id: str, before: int | None = None
) -> ConversationDocument:
    found = await conversations.get(connection, company_id, conversation_id)
    if found is None:
        raise NotFound
    said = await messages.recent(connection, company_id, conversation_id, SHOWN_MESSAGES, before=before)
    ticket = await tickets.open_of(connection, company_id, conversation_id)
    previous = str(said[0].position) if said and said[0].position > 1 else None
    return conversation_document(found, said, ticket, previous)


@router.patch(
    "/{conversation_id}",
    summary="Change a conversation",
    response_model=ConversationDocument,
    responses=problem_responses(404, 409, 422),
)
async def change_conversation(conversation_id: UUID, change: ConversationChange, write: WriteOf) -> Response:
    """Change state, stage, name, phone, language, or whether the user was helped; audited.

    A state that cannot follow, or that only the agent's own work leads to (`GENERATING_RECOMMENDATIONS`,
    `AWAITING_USER_APPROVAL`), is a 409 with the code `illegal_transition`; a stage that the playbook's table does not
    lead to, one with `illegal_stage`. A state that ends the conversation ends its ticket too.
    """
    company_id, wanted = write.caller.company_id, str(conversation_id)

    async def work(connection: Connection) -> Answer:
        before = await conversations.lock(connection, company_id, wanted)
        after = await _apply(connection, before, change, datetime.now(UTC))
        then = None
        if after.is_over and not before.is_over:
            await tickets.resolve(connection, company_id, wanted, datetime.now(UTC))
            address = (company_id, after.user_id, wanted)
            then = partial(write.services.desk.tell_ended, *address, after.close_code or "completed")
        await note(connection, write, wanted, "conversation.updated", _audited(change))
        return Answer((await _document(connection, company_id, wanted)).model_dump(mode="json"), then=then)

    return await write.run(work)


async def _apply(
    connection: Connection, before: Conversation, change: ConversationChange, now: datetime
) -> Conversation:
    address = (connection, before.company_id, before.conversation_id)
    if stage := change.stage or change.sales_stage:
        if before.state in ENDED:
            raise ConversationEnded
        chosen = await playbooks.load_begun(connection, before.company_id, before.playbook)
        await conversations.advance(*address, chosen.playbook, stage)
    if state := change.state or change.status:
        change_state_by_hand(before.state, state)
    if change.language is not None:
        await conversations.set_language(*address, change.language)
    return await conversations.update(
        *address,
        now,
        state=state,
        customer_name=change.customer_name,
        phone=change.phone,
        resolved=change.resolved,
    )


def _audited(change: ConversationChange) -> dict[str, Any]:
    """Return what the audit log keeps of a change: personal data by name alone."""
    changed = change.model_dump(mode="json", exclude_none=True)
    return {name: "changed" if name in ("customer_name", "phone") else value for name, value in changed.items()}


@router.get(
    "/{conversation_id}/transcript",
    summary="Export a transcript",
    response_class=Response,
    responses={
        200: {
            "content": {
                media.split(";")[0]: {"schema": {"type": "string"}} for media in transcripts.MEDIA_TYPES.values()
            }
        },
        **problem_responses(403, 404),
    },
)
async def export_transcript(
    conversation_id: UUID,
    caller: CallerOf,
    services: ServicesOf,
    exchange: ExchangeOf,
    form: Annotated[transcripts.Format, Query(alias="format", description="json, text to read, or csv")] = "json",
) -> Response:
    """Return a whole conversation as a file; audited. A user who took back their consent is a 403 (`no_consent`)."""
    company_id, wanted = caller.company_id, str(conversation_id)
    async with services.database.transaction(company_id) as connection:
        found = await conversations.get(connection, company_id, wanted)
        if found is None:
            raise NotFound
        if not (await users.standing(connection, company_id, found.user_id)).consent:
            raise NoConsent
        said = await _all_said(connection, found)
        await audit.record(
            connection, company_id, caller.actor, "conversation.exported", wanted, {"format": form}, exchange.trace_id
        )
    name = f'attachment; filename="conversation-{wanted}.{transcripts.EXTENSIONS[form]}"'
    return _file(found, said, form, {"Content-Disposition": name})


def _file(found: Conversation, said: list[Message], form: transcripts.Format, headers: dict[str, str]) -> Response:
    if form == "json":
        row = ConversationRow.model_validate(found).model_dump()
        body = {**row, "messages": [message_document(one).model_dump() for one in said]}
        return JSONResponse(jsonable_encoder(body), headers=headers)
    text = transcripts.as_csv(said) if form == "csv" else transcripts.as_text(found, said)
    return Response(text, headers=headers, media_type=transcripts.MEDIA_TYPES[form])


async def _all_said(connection: Connection, found: Conversation) -> list[Message]:
    said: list[Message] = []
    while batch := await messages.after(
        connection, found.company_id, found.conversation_id, said[-1].position if said else 0, limit=_BATCH
    ):
        said.extend(batch)
    return said
