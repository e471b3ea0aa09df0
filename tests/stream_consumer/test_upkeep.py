"""What the jobs role tidies up, for every company and only what is due."""

from datetime import UTC, datetime, timedelta

from core.security import hash_api_key
from db import idempotency, nudges
from db.pool import Database
from local.installation import Company
from stream_consumer.upkeep import IDEMPOTENCY_KEPT, Upkeep
from tests.stream_consumer.test_events import saved_nudge

LATER = datetime(2099, 1, 2, tzinfo=UTC)
"""A day after the nudges of these tests expire."""


async def status_of(database: Database, company_id: str) -> set[str]:
    async with database.transaction(company_id) as connection:
        return {row["status"] for row in (await nudges.list_(connection, company_id)).items}


async def test_unseen_nudges_end_in_every_company(database: Database, company: Company, other_company: Company) -> None:
    for each in (company, other_company):
        await saved_nudge(database, each.company_id, "u")
    assert await Upkeep(database).tidy() == 0
    assert await status_of(database, company.company_id) == {"pending"}
    assert await Upkeep(database, now=lambda: LATER).tidy() == 2
    assert await status_of(database, company.company_id) == {"expired"}
    assert await status_of(database, other_company.company_id) == {"expired"}


async def test_idempotency_keys_are_kept_for_a_day(database: Database, company: Company) -> None:
    digest = hash_api_key("body")
    async with database.transaction(company.company_id) as connection:
        await idempotency.claim(connection, company.company_id, "key", digest)
    soon = datetime.now(UTC) + IDEMPOTENCY_KEPT - timedelta(minutes=5)
    assert await Upkeep(database, now=lambda: soon).tidy() == 0
    assert await Upkeep(database, now=lambda: soon + timedelta(minutes=10)).tidy() == 1
