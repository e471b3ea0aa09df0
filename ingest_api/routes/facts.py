"""What is remembered of users: facts that they told about themselves, their consent to it, and erasing them."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict

from core.errors import NotFound
from db import audit, profile_facts
from db.pool import Connection
from ingest_api.deps import CallerOf, ServicesOf, UserId
from ingest_api.problems import problem_responses
from ingest_api.schemas import Erased, RememberedFacts
from ingest_api.writes import Answer, Write, WriteOf

FactName = Annotated[str, Path(min_length=1, max_length=profile_facts.MAX_NAME, pattern=r"^[^\x00/]+$")]

router = APIRouter(prefix="/api/v1/users", tags=["users"])


class MemoryConsent(BaseModel):
    """Whether facts may be kept of the user."""

    model_config = ConfigDict(extra="forbid")

    remembers: bool


@router.get("/{user_id:path}/facts", summary="Read what is remembered of a user")
async def read_facts(user_id: UserId, caller: CallerOf, services: ServicesOf) -> RememberedFacts:
    """Return what the user told about themselves, and whether they agreed that it is kept (null: not answered yet)."""
    async with services.database.transaction(caller.company_id) as connection:
        return await _remembered(connection, caller.company_id, user_id)


async def _remembered(connection: Connection, company_id: str, user_id: str) -> RememberedFacts:
    consent = await profile_facts.consent(connection, company_id, user_id)
    facts = await profile_facts.list_(connection, company_id, user_id)
    return RememberedFacts.model_validate(
        {"user_id": user_id, "remembers": consent.remembers, "asked_at": consent.asked_to_remember_at, "facts": facts},
        from_attributes=True,
    )


@router.put("/{user_id:path}/facts/consent", summary="Record consent to memory", response_model=RememberedFacts)
async def set_memory_consent(user_id: UserId, body: MemoryConsent, write: WriteOf) -> Response:
    """Record whether the user agrees that facts are kept; with a no, what was kept is erased at once. Audited."""
    company_id = write.caller.company_id

    async def work(connection: Connection) -> Answer:
        now = datetime.now(UTC)
        erased = await profile_facts.set_consent(connection, company_id, user_id, now, remembers=body.remembers)
        await _note(connection, write, "user.memory_consent", user_id, remembers=body.remembers, erased=erased)
        return Answer((await _remembered(connection, company_id, user_id)).model_dump(mode="json"))

    return await write.run(work)


@router.delete("/{user_id:path}/facts", summary="Forget a user's facts", response_model=Erased)
async def erase_facts(user_id: UserId, write: WriteOf) -> Response:
    """Erase everything that the user told about themselves; their consent stays as it is. Audited."""
    return await _erase(write, user_id, None)


@router.delete(
    "/{user_id:path}/facts/{name}",
    summary="Forget one fact",
    response_model=Erased,
    responses=problem_responses(404),
)
async def erase_fact(user_id: UserId, name: FactName, write: WriteOf) -> Response:
    """Erase one fact. Audited."""
    return await _erase(write, user_id, name)


async def _erase(write: Write, user_id: str, name: str | None) -> Response:
    async def work(connection: Connection) -> Answer:
        erased = await profile_facts.erase(connection, write.caller.company_id, user_id, name)
        if name is not None and not erased:
            raise NotFound
        await _note(connection, write, "user.facts_erased", user_id, erased=erased)
        return Answer({"erased": erased})

    return await write.run(work)


async def _note(connection: Connection, write: Write, action: str, user_id: str, **detail: int) -> None:
    caller = write.caller
    await audit.record(connection, caller.company_id, caller.actor, action, user_id, detail, write.trace_id)
