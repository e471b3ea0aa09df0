"""`GET /api/v1/users/{user_id}/export`: a copy of what is stored, ended by a receipt, for whom it concerns."""

from typing import Any

import httpx2
import orjson

from ingest_api.wiring import Services
from local.installation import Company
from tests.ingest_api.conftest import add_person
from tests.ingest_api.test_erasure import PATH, USER, known
from tests.ingest_api.test_events import problem

EXPORT = f"{PATH}/export"


def lines(answer: httpx2.Response) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in answer.text.splitlines()]


async def test_a_user_gets_a_copy_with_a_receipt_and_the_audit_log_tells_who_took_it(
    client: httpx2.AsyncClient, services: Services, company: Company
) -> None:
    headers = {"X-API-Key": company.secret_key}
    for user in (USER, "keeper"):
        await known(services, company.company_id, user)
    answer = await client.get(EXPORT, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["content-disposition"] == 'attachment; filename="user.ndjson"'
    *rows, last = lines(answer)
    assert {(one["table"], one["row"]["user_id"]) for one in rows} == {("users", USER), ("sessions", USER)}
    assert last["receipt"]["rows"] == {"users": 1, "sessions": 1}
    assert company.company_id not in answer.text
    (entry, *_) = (await client.get("/api/v1/audit-log", headers=headers)).json()["items"]
    assert (entry["action"], entry["subject"]) == ("user.exported", USER)
    assert entry["detail"]["receipt_id"] == last["receipt"]["receipt_id"]


async def test_a_large_export_comes_whole(client: httpx2.AsyncClient, services: Services, company: Company) -> None:
    await known(services, company.company_id, USER)
    async with services.database.transaction(company.company_id) as connection:
        await connection.execute(
            """INSERT INTO profile_facts (company_id, user_id, name, value, updated_at)
               SELECT %s, %s, 'fact_' || number, repeat('é', 500), now() FROM generate_series(1, 3000) AS number""",
            (company.company_id, USER),
        )
    *rows, last = lines(await client.get(EXPORT, headers={"X-API-Key": company.secret_key}))
    assert len(rows) == 3002
    assert last["receipt"]["rows"]["profile_facts"] == 3000


async def test_somebody_unknown_has_no_rows_and_only_owners_may_ask(
    client: httpx2.AsyncClient, services: Services, company: Company, other_company: Company
) -> None:
    await known(services, company.company_id, USER)
    (only,) = lines(await client.get(EXPORT, headers={"X-API-Key": other_company.secret_key}))
    assert only["receipt"]["rows"] == {}
    problem(await client.get(EXPORT, headers={"X-API-Key": company.public_key}), 403, "forbidden")
    problem(await client.get(EXPORT), 401, "unauthenticated")
    for role, status in (("editor", 403), ("agent", 403), ("viewer", 403), ("admin", 200)):
        _, token = await add_person(services, company.company_id, role)
        answer = await client.get(EXPORT, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status, role
