"""Facts and figures over HTTP: what users agreed to have remembered, and what came of conversations by day."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from core.ids import new_id
from db import profile_facts
from ingest_api.wiring import Services
from local.installation import Company
from tests.ingest_api.answering import answering
from tests.ingest_api.test_chat import FEEDBACK
from tests.ingest_api.test_conversation import page_of, say, start
from tests.ingest_api.test_events import problem
from tests.ingest_api.test_inbox import open_ticket

FACTS = "/api/v1/users/u1/facts"
FIGURES = "/api/v1/analytics/conversations"


@pytest.fixture
def headers(company: Company) -> dict[str, str]:
    return {"X-API-Key": company.secret_key}


async def keep(services: Services, company: Company, **facts: str) -> list[bool]:
    now = datetime.now(UTC)
    async with services.database.transaction(company.company_id) as connection:
        return [
            await profile_facts.set_(connection, company.company_id, "u1", name, value, now)
            for name, value in facts.items()
        ]


async def test_facts_are_kept_with_consent_alone_shown_and_erased(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company
) -> None:
    nobody = (await client.get(FACTS, headers=headers)).json()
    assert nobody == {"user_id": "u1", "remembers": None, "asked_at": None, "facts": []}
    assert await keep(services, company, role="Founder") == [False]

    agreed = await client.put(f"{FACTS}/consent", json={"remembers": True}, headers=headers)
    assert (agreed.status_code, agreed.json()["remembers"]) == (200, True)
    assert await keep(services, company, role="Founder", team_size="3", goal="CRM") == [True] * 3
    shown = (await client.get(FACTS, headers=headers)).json()["facts"]
    assert [(fact["name"], fact["value"]) for fact in shown] == [
        ("goal", "CRM"),
        ("role", "Founder"),
        ("team_size", "3"),
    ]

    assert (await client.delete(f"{FACTS}/goal", headers=headers)).json() == {"erased": 1}
    problem(await client.delete(f"{FACTS}/goal", headers=headers), 404, "not_found")
    assert (await client.delete(FACTS, headers=headers)).json() == {"erased": 2}
    await keep(services, company, role="Founder")
    refused = await client.put(f"{FACTS}/consent", json={"remembers": False}, headers=headers)
    assert (refused.json()["remembers"], refused.json()["facts"]) == (False, [])

    log = await client.get("/api/v1/audit-log", headers=headers)
    assert [item["action"] for item in log.json()["items"][:4]] == [
        "user.memory_consent", "user.facts_erased", "user.facts_erased", "user.memory_consent",
    ]  # fmt: skip
    assert "Founder" not in log.text
    for wrong in ({}, {"remembers": "perhaps"}, {"remembers": True, "more": 1}):
        answer = await client.put(f"{FACTS}/consent", json=wrong, headers=headers)
        problem(answer, 422, "invalid_request")


async def test_what_is_remembered_makes_questions_needless(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company
) -> None:
    await client.put(f"{FACTS}/consent", json={"remembers": True}, headers=headers)
    await keep(services, company, role="Founder")
    known = await start(client, headers)
    stranger = await start(client, headers, user_id="u2")
    assert len(known["questions"]) == len(stranger["questions"]) - 1


async def test_figures_count_what_the_agent_held_alone(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company
) -> None:
    assert (await client.get(FIGURES, headers=headers)).json()["items"] == []
    async with answering(services):
        for user in ("u1", "u2", "u3"):
            begun = await start(client, headers, user_id=user)
            result = (await say(client, headers, begun["conversation_id"])).json()
            rating = {"rating": "up" if user != "u3" else "down"}
            path = FEEDBACK.format(result["message"]["message_id"])
            assert (await client.post(path, json=rating, headers=page_of(company, user))).status_code == 200
        silent = await start(client, headers, user_id="u4")
    await open_ticket(services, company, begun["conversation_id"])
    await client.patch(f"/api/v1/conversations/{silent['conversation_id']}", json={"resolved": False}, headers=headers)
    await interaction(services, company, begun["conversation_id"])

    (day,) = (await client.get(FIGURES, headers=headers)).json()["items"]
    assert (day["conversations"], day["with_messages"], day["contained"], day["escalated"]) == (4, 3, 2, 1)
    assert day["containment"] == pytest.approx(2 / 3)
    assert (day["thumbs_up"], day["thumbs_down"], day["satisfaction"]) == (2, 1, pytest.approx(2 / 3))
    assert (day["messages"], day["resolved"], day["unresolved"]) == (6, 0, 1)
    assert day["first_answer_ms_p50"] >= 0
    assert (day["calls"], day["tokens_in"], day["tokens_out"], day["cost_cents"]) == (1, 100, 20, 0.5)
    assert day["call_latency_ms_p50"] == 900


async def interaction(services: Services, company: Company, conversation_id: str) -> None:
    """A call of a model for a conversation."""
    now = datetime.now(UTC)
    async with services.database.transaction(company.company_id) as connection:
        await connection.execute(
            """INSERT INTO ai_interactions (company_id, interaction_id, node, provider, model, prompt_version, status,
                   tokens_in, tokens_out, cost_cents, latency_ms, conversation_id, created_at)
               VALUES (%s, %s, 'coach', 'openai', 'm', '1', 'done', 100, 20, 0.5, 900, %s, %s)""",
            (company.company_id, new_id(), conversation_id, now),
        )


async def test_figures_are_of_the_period_asked_for(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company
) -> None:
    await start(client, headers)
    await start(client, headers, user_id="u2")
    today = datetime.now(UTC)
    before = today - timedelta(days=3)
    async with services.database.transaction(company.company_id) as connection:
        for moment, user in ((today, "u1"), (before, "u2")):
            values = (moment, user)
            await connection.execute("UPDATE conversations SET created_at = %s WHERE user_id = %s", values)

    async def days(**query: Any) -> list[str]:
        answer = await client.get(FIGURES, params=query, headers=headers)
        return [item["day"] for item in answer.json()["items"]]

    assert await days() == [today.date().isoformat(), before.date().isoformat()]
    assert await days(since=(today - timedelta(days=1)).isoformat()) == [today.date().isoformat()]
    assert await days(until=(today - timedelta(days=1)).isoformat()) == [before.date().isoformat()]
    wrong = await client.get(FIGURES, params={"since": today.isoformat(), "until": before.isoformat()}, headers=headers)
    problem(wrong, 422, "invalid_request")
