"""The onboarding API of conversations: begin one, say something, press a button, and ask what became of it."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Path, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse

from core.conversations import ConversationTurn, IncomingMessage
from core.errors import NotFound
from core.friendly import friendly_id
from core.ids import derive_id, new_id
from core.plaintext import cleaned
from db import conversation_requests, conversations
from db.conversation_intake import Accepted
from db.pool import Connection
from ingest_api import talking
from ingest_api.conversation_schemas import (
    ButtonAnswer,
    ButtonRequest,
    ProcessRequest,
    ProcessResult,
    StartedConversation,
    StartRequest,
    TaskAccepted,
    TaskDocument,
)
from ingest_api.deps import SAID, ExchangeOf, ServicesOf
from ingest_api.problems import problem_responses
from ingest_api.refusals import IdempotencyConflict
from ingest_api.speakers import Speaker, SpeakerOf
from ingest_api.wiring import Services
from ingest_api.writes import Answer, IdempotencyKey, Write, WriteOf

WAIT_SECONDS: Final = {"auto": 5.0, "sync": 30.0, "async": 0.0}
"""How long a request waits for its answer."""
ACTIVE: Final = frozenset({"active", "null"})
"""What may stand in the path for the user's active conversation, or a new one."""
_TASKS: Final = "/api/v1/conversation/tasks/{task_id}"
NamedConversation = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$")]
_Meant = tuple[ConversationTurn | None, Callable[[], Awaitable[None]] | None]
"""The turn that a button is about, and what is to be told to others of what it did."""

router = APIRouter(prefix="/api/v1/conversation", tags=["conversations"])


@router.post(
    "/start",
    summary="Begin a conversation",
    status_code=201,
    response_model=StartedConversation,
    responses={200: {"model": StartedConversation, "description": "The active one goes on"}, **problem_responses(404)},
)
async def start_conversation(body: StartRequest, speaker: SpeakerOf, write: WriteOf) -> Response:
    """Begin a conversation with a user, with the first questions that `context` does not answer already.

    A user has one active conversation: another one is a 409 with the code `conversation_active`, whose `errors` name
    it, unless `resume_existing` asks to go on with it (200). One in which nothing was said for long ends by itself.
    """
    user_id, services = speaker.require_user(body.user_id), write.services

    async def work(connection: Connection) -> Answer:
        now = datetime.now(UTC)
        begun = await talking.begin(services, connection, speaker, body, now)
        shown = await talking.started(services, connection, begun, now)
        address = (write.caller.company_id, user_id)
        then = partial(services.desk.tell_ended, *address, begun.ended, "stale") if begun.ended else None
        return Answer(shown.model_dump(mode="json"), status=201 if begun.is_new else 200, then=then)

    own = write if speaker.user_id is None else write.of_user(user_id)
    return await own.run(work)


@router.post(
    "/{conversation_id}/process",
    summary="Say something",
    response_model=ProcessResult,
    responses={202: {"model": TaskAccepted, "description": "The answer takes longer"}, **problem_responses(404, 409)},
    dependencies=[SAID],
)
async def process_input(
    conversation_id: NamedConversation,
    body: ProcessRequest,
    speaker: SpeakerOf,
    services: ServicesOf,
    exchange: ExchangeOf,
    key: IdempotencyKey = None,
) -> Response:
    """Say something in a conversation, and get the answer: at once (200), or under a task's address (202).

    `active` in the place of the id goes on with the user's active conversation, or begins one. A message sent again
    under its `client_message_id` (or else its `Idempotency-Key`) is answered once. Failures are told in the answer's
    `error`, whose `message` says so to the user: `budget_exhausted`, `provider_failed`. While a person answers
    (`handled_by`), `message` is null: what that person writes comes to the user's pages and into the history.
    """
    began = time.monotonic()
    incoming = await _incoming(services, speaker, conversation_id, body, exchange.trace_id, key)
    async with services.database.transaction(incoming.company_id) as connection:
        accepted = await talking.accept(services, connection, incoming, datetime.now(UTC))
    if not accepted.is_new and accepted.message.text != cleaned(incoming.text):
        raise IdempotencyConflict("This client_message_id belongs to another message.")
    await talking.pass_on(services, incoming, accepted)
    return await _answer(services, incoming.company_id, accepted, WAIT_SECONDS[body.mode] + began - time.monotonic())


async def _incoming(
    services: Services, speaker: Speaker, named: str, body: ProcessRequest, trace_id: str, key: str | None
) -> IncomingMessage:
    company_id = speaker.caller.company_id
    wanted = body.conversation_id if named in ACTIVE else named
    conversation_id = wanted.lower() if wanted else None
    if conversation_id is None:
        user_id = speaker.require_user(body.user_id)
    else:
        user_id = await _owner(services, speaker, conversation_id, body.user_id)
    return IncomingMessage(
        company_id=company_id,
        user_id=user_id,
        conversation_id=conversation_id,
        client_message_id=body.client_message_id or (derive_id("process", user_id, key) if key else new_id()),
        text=body.user_input,
        channel=speaker.channel,
        trace_id=trace_id,
    )


async def _owner(services: Services, speaker: Speaker, conversation_id: str, named: str | None) -> str:
    """Return whose conversation it is; raises NotFound for one that is not there, or not this speaker's."""
    if speaker.user_id is not None:
        speaker.require_user(named)
    company_id = speaker.caller.company_id
    async with services.database.transaction(company_id) as connection:
        found = await conversations.get(connection, company_id, conversation_id)
    if found is None or named not in (None, found.user_id):
        raise NotFound("There is no such conversation.")
    speaker.check_owner(found.user_id)
    return found.user_id


async def _answer(services: Services, company_id: str, accepted: Accepted, seconds: float) -> Response:
    """Return the result of a turn if it ends in time, else where to ask for it."""
    if accepted.turn is None:
        result = await talking.result_without_turn(services, company_id, accepted, datetime.now(UTC))
        return JSONResponse(jsonable_encoder(result))
    turn_id = accepted.turn.turn_id
    task = None if accepted.is_new else await talking.task_of(services, company_id, turn_id, datetime.now(UTC))
    if task is None or task.result is None:
        await services.desk.wait(turn_id, seconds)
        task = await talking.task_of(services, company_id, turn_id, datetime.now(UTC))
    if task.result is not None:
        result = task.result.model_copy(update={"user_message_id": accepted.message.message_id})
        return JSONResponse(jsonable_encoder(result))
    return _later(services, task, accepted)


def _later(services: Services, task: TaskDocument, accepted: Accepted) -> Response:
    status_url = (services.settings.api.api_public_url or "").rstrip("/") + _TASKS.format(task_id=task.task_id)
    body = TaskAccepted(
        task_id=task.task_id,
        friendly_task_id=task.friendly_task_id,
        status_url=status_url,
        conversation_id=task.conversation_id,
        status=task.status,
        user_message_id=accepted.message.message_id,
    )
    return JSONResponse(jsonable_encoder(body), 202, {"Location": status_url, "Retry-After": "1"})


@router.post(
    "/{conversation_id}/stop",
    summary="Stop the answer",
    response_model=ButtonAnswer,
    responses=problem_responses(404),
)
async def stop_answer(
    conversation_id: NamedConversation, speaker: SpeakerOf, write: WriteOf, body: ButtonRequest | None = None
) -> Response:
    """Stop the answer that is being written, or is about to be; the message keeps what was said until then.

    Later answers are not meant. Where none is under way nothing happens, and `task_id` is null.
    """
    return await _press(conversation_id, speaker, write, body, _stop)


@router.post(
    "/{conversation_id}/request-human",
    summary="Talk to a person",
    response_model=ButtonAnswer,
    responses=problem_responses(404, 409),
)
async def request_human(
    conversation_id: NamedConversation, speaker: SpeakerOf, write: WriteOf, body: ButtonRequest | None = None
) -> Response:
    """Call a person into the conversation; `task_id` is the turn that does so and tells the user by when.

    It is null where a person was called, or answers, already.
    """
    return await _press(conversation_id, speaker, write, body, _call_person)


@router.post(
    "/{conversation_id}/cancel-human",
    summary="Wait for a person no more",
    response_model=ButtonAnswer,
    responses=problem_responses(404, 409),
)
async def cancel_human(
    conversation_id: NamedConversation, speaker: SpeakerOf, write: WriteOf, body: ButtonRequest | None = None
) -> Response:
    """Take the wish for a person back while nobody has come; the ticket is resolved and the agent answers again.

    `task_id` is the turn that answers what the user said meanwhile, null where that was nothing. Again does no harm. A
    409 says why not: `person_answers`, `nobody_called`, or `person_needed`, where danger called the person.
    """
    return await _press(conversation_id, speaker, write, body, _cancel_person)


async def _press(
    named: str, speaker: Speaker, write: Write, body: ButtonRequest | None, meant: Callable[..., Awaitable[_Meant]]
) -> Response:
    """Do what a button asks for, in the conversation that is named."""
    user_id, conversation_id = await _address(write.services, speaker, named, body.user_id if body else None)

    async def work(connection: Connection) -> Answer:
        turn, then = await meant(connection, write, user_id, conversation_id)
        friendly = friendly_id(turn.turn_id) if turn else None
        shown = ButtonAnswer(conversation_id=conversation_id, task_id=turn and turn.turn_id, friendly_task_id=friendly)
        return Answer(shown.model_dump(mode="json"), then=then)

    own = write if speaker.user_id is None else write.of_user(user_id)
    return await own.run(work)


async def _stop(connection: Connection, write: Write, user_id: str, conversation_id: str) -> _Meant:
    address = (write.caller.company_id, user_id, conversation_id)
    turn = await conversation_requests.answer_to_stop(connection, *address)
    return turn, partial(write.services.desk.stop, turn) if turn else None


async def _call_person(connection: Connection, write: Write, user_id: str, conversation_id: str) -> _Meant:
    address = (write.caller.company_id, user_id, conversation_id, write.trace_id)
    asked = await conversation_requests.ask_for_person(connection, *address, datetime.now(UTC))
    return asked.turn, partial(write.services.desk.queue, asked.turn) if asked.turn else None


async def _cancel_person(connection: Connection, write: Write, user_id: str, conversation_id: str) -> _Meant:
    user, desk = (write.caller.company_id, user_id), write.services.desk
    address = (*user, conversation_id, write.trace_id)
    cancelled = await conversation_requests.cancel_person(connection, *address, datetime.now(UTC))

    async def tell() -> None:
        await desk.tell_withdrawn(*user, cancelled.conversation_id, cancelled.ticket_id)
        if cancelled.turn is not None:
            await desk.queue(cancelled.turn)

    return cancelled.turn, tell


async def _address(services: Services, speaker: Speaker, named: str, user_id: str | None) -> tuple[str, str]:
    """Return user and id of the conversation that is named; raises NotFound where there is none of this speaker's."""
    if named not in ACTIVE:
        return await _owner(services, speaker, named.lower(), user_id), named.lower()
    user_id, company_id = speaker.require_user(user_id), speaker.caller.company_id
    async with services.database.transaction(company_id) as connection:
        active = await conversations.active_of(connection, company_id, user_id)
    if active is None:
        raise NotFound("There is no such conversation.")
    return user_id, active.conversation_id


@router.get("/tasks/{task_id}", summary="Ask what became of a task", responses=problem_responses(404))
async def read_task(
    task_id: Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$")],
    speaker: SpeakerOf,
    services: ServicesOf,
) -> TaskDocument:
    """Return how a turn stands, by its id or its friendly one; `result` is what `process` would have answered."""
    company_id = speaker.caller.company_id
    task = await talking.task_of(services, company_id, task_id.lower(), datetime.now(UTC))
    if speaker.user_id is not None:
        await _owner(services, speaker, task.conversation_id, None)
    return task
