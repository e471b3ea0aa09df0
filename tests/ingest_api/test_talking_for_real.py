"""The API and the consumer together: real turns of the real graph, by rules and by models that fail."""

import asyncio
import threading
from functools import partial
from typing import Any

import httpx2
import pytest

from ingest_api.routes import conversation as routes
from ingest_api.wiring import Services
from local.installation import Company
from tests.graph.reasoners import reasoner_at
from tests.graph.shelf import ARTICLE_URL
from tests.ingest_api.test_conversation import TASK, frames, say, start
from tests.llm_server import LlmServer, failing, streaming
from tests.stream_consumer import talking
from tests.stream_consumer.harness import eventually
from tests.stream_consumer.test_conversations import ANSWERS


@pytest.fixture
def headers(company: Company) -> dict[str, str]:
    return {"X-API-Key": company.secret_key}


async def test_a_question_is_answered_with_its_source(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company
) -> None:
    begun = await start(client, headers, playbook="support", conversation_type=None)
    async with talking.answering(services.database, services.redis):
        answer = await say(
            client, headers, begun["conversation_id"], "How many characters does a live key have?", mode="sync"
        )
    body = answer.json()
    assert answer.status_code == 200, answer.text
    assert "32 characters" in body["message"]["text"]
    assert (body["message"]["citations"][0]["url"], body["error"]) == (ARTICLE_URL, None)
    assert [frame.get("role") for frame in await frames(services, company)] == ["user", "assistant"]


async def test_onboarding_asks_its_questions_one_by_one(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services
) -> None:
    begun = await start(client, headers, language="en", context={"team_size": 4})
    async with talking.answering(services.database, services.redis):
        first = (await say(client, headers, begun["conversation_id"], "I am the founder", mode="sync")).json()
    assert first["state"] == "IN_PROGRESS"
    assert first["message"]["text"]
    assert first["error"] is None


async def test_onboarding_ends_in_drafts_that_wait_for_approval(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services
) -> None:
    begun = await start(client, headers, language="en")
    async with talking.answering(services.database, services.redis):
        for text in ANSWERS:
            body = (await say(client, headers, begun["conversation_id"], text, mode="sync")).json()
            if body["state"] == "AWAITING_USER_APPROVAL":
                break
    assert body["state"] == "AWAITING_USER_APPROVAL", body
    assert body["recommendations"], body
    shown = (
        await client.get(f"/api/v1/recommendations?conversation_id={begun['conversation_id']}", headers=headers)
    ).json()
    assert {item["draft"]["title"] for item in shown["items"]} >= {one["title"] for one in body["recommendations"]}
    one = shown["items"][0]
    alone = await client.get(f"/api/v1/recommendations/{one['recommendation_id']}", headers=headers)
    assert alone.json() == one


async def test_a_wish_for_a_person_puts_it_into_the_queue_and_a_person_answers(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company
) -> None:
    begun = await start(client, headers, playbook="support", conversation_type=None)
    path = f"/api/v1/conversations/{begun['conversation_id']}"
    async with talking.answering(services.database, services.redis):
        called = (await say(client, headers, begun["conversation_id"], "Let me talk to a human", mode="sync")).json()
        assert called["handled_by"] == "queue", called
        assert called["message"] is not None
        ticket = (await client.get(path, headers=headers)).json()["ticket"]
        assert (ticket["status"], ticket["reason"]) == ("open", "wish")

        sent = await client.post(f"{path}/messages", json={"text": "Sam here."}, headers=headers)
        assert sent.json()["handled_by"] == "human"
        unanswered = (await say(client, headers, begun["conversation_id"], "Thank you Sam")).json()
        assert (unanswered["handled_by"], unanswered["message"]) == ("human", None)

        await client.post(f"{path}/handback", headers=headers)
        await eventually(partial(has_ended, services, company, "needs_no_answer"))
        answer = await say(
            client, headers, begun["conversation_id"], "How many characters does a live key have?", mode="sync"
        )
    assert "32 characters" in answer.json()["message"]["text"]
    said = (await client.get(path, headers=headers)).json()["messages"]
    assert len({message["message_id"] for message in said}) == len(said)
    assert [message["role"] for message in said[-4:]] == ["agent", "user", "user", "assistant"]
    escalation = (await client.get(f"/api/v1/escalations/{ticket['ticket_id']}", headers=headers)).json()
    assert (escalation["status"], escalation["answered_at"] is not None) == ("resolved", True)


async def has_ended(services: Services, company: Company, outcome: str) -> bool:
    """Tell whether a turn of the company has ended like that."""
    async with services.database.transaction(company.company_id) as connection:
        found = await connection.execute("SELECT 1 FROM turns WHERE outcome = %s", (outcome,))
        return await found.fetchone() is not None


async def test_a_person_who_takes_over_cuts_the_answer_short(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company
) -> None:
    page, is_taken = talking.Chat(services.database, services.redis, company.company_id, "u1"), threading.Event()
    await page.connect()
    begun = await start(client, headers, playbook="support", conversation_type=None)
    path = f"/api/v1/conversations/{begun['conversation_id']}"
    said = ("A live key has 32 characters [1]. ", "A live key ", "begins with crm_live_ [1]. ", "It never expires [1].")
    with LlmServer() as llm:
        llm.default = streaming(*said, until=is_taken)
        async with talking.answering(services.database, services.redis, reasoner=reasoner_at(llm)):
            task = (await say(client, headers, begun["conversation_id"], "What is a live key?", mode="async")).json()
            await eventually(page.passing)
            await client.post(f"{path}/takeover", json={"author": "Sam"}, headers=headers)
            is_taken.set()
            await ended_task(client, headers, task["status_url"])
    answers = [
        one for one in (await client.get(path, headers=headers)).json()["messages"] if one["role"] == "assistant"
    ]
    assert [one["status"] for one in answers] == ["stopped"]
    assert "never expires" not in answers[0]["text"]


async def test_a_model_that_fails_is_told_as_a_state_and_offers_a_person(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services
) -> None:
    begun = await start(client, headers, playbook="support", conversation_type=None)
    with LlmServer() as llm:
        llm.default = failing(500)
        reasoner = reasoner_at(llm)
        async with talking.answering(services.database, services.redis, reasoner=reasoner):
            answer = await say(client, headers, begun["conversation_id"], "What is a live key?", mode="sync")
    body = answer.json()
    assert (answer.status_code, body["error"]["code"]) == (200, "provider_failed")
    assert body["message"]["text"]
    task = (await client.get(TASK.format(body["friendly_task_id"]), headers=headers)).json()
    assert (task["status"], task["error"]["code"]) == ("done", "provider_failed")


async def test_a_spent_budget_is_told_by_its_code(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services
) -> None:
    await client.post("/api/v1/config", json={"llm": {"daily_budget_cents": 0}}, headers=headers)
    begun = await start(client, headers, playbook="support", conversation_type=None)
    assert "company" in begun["budget"]["nearly"]
    with LlmServer() as llm:
        async with talking.answering(services.database, services.redis, reasoner=reasoner_at(llm)):
            answer = await say(client, headers, begun["conversation_id"], "What is a live key?", mode="sync")
    body = answer.json()
    assert (body["error"]["code"], body["budget"]["company_percent"]) == ("budget_exhausted", 0.0)
    assert body["message"]["text"]


async def test_a_slow_model_makes_a_task_of_it(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(routes.WAIT_SECONDS, "auto", 0.3)
    is_late = threading.Event()
    begun = await start(client, headers, playbook="support", conversation_type=None)
    with LlmServer() as llm:
        llm.default = streaming("A live key ", "has 32 characters [1].", until=is_late)
        async with talking.answering(services.database, services.redis, reasoner=reasoner_at(llm)):
            answer = await say(client, headers, begun["conversation_id"], "What is a live key?")
            assert answer.status_code == 202, answer.text
            is_late.set()
            task = await ended_task(client, headers, answer.json()["status_url"])
    assert task["status"] == "done"
    assert task["result"]["message"]["text"]


async def ended_task(client: httpx2.AsyncClient, headers: dict[str, str], url: str) -> dict[str, Any]:
    """Ask for a task until it has ended, as a client would."""
    async with asyncio.timeout(30):
        while True:
            task: dict[str, Any] = (await client.get(url, headers=headers)).json()
            if task["status"] in ("done", "failed"):
                return task
            await asyncio.sleep(0.1)
