"""The inbox over HTTP: lists, changes, people who write, hand back and close; transcripts; what pages get to know."""

import asyncio
import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from core import streams
from core.conversations import HandledBy
from core.ids import new_id
from db import conversation_turns, conversations, tickets, wishes
from ingest_api.wiring import Services
from local.installation import Company
from tests.ingest_api.answering import answering
from tests.ingest_api.conftest import add_person
from tests.ingest_api.test_conversation import frames, page_of, press, say, start
from tests.ingest_api.test_events import problem
from tests.stream_consumer.harness import eventually

LIST = "/api/v1/conversations"


@pytest.fixture
def headers(company: Company) -> dict[str, str]:
    return {"X-API-Key": company.secret_key}


@pytest.fixture
async def begun(client: httpx2.AsyncClient, headers: dict[str, str]) -> dict[str, Any]:
    return await start(client, headers, playbook="sales", conversation_type=None, language="en")


async def open_ticket(services: Services, company: Company, conversation_id: str, reason: str = "wish") -> str:
    """Call a person into a conversation, as a turn does."""
    now, ticket_id = datetime.now(UTC), new_id()
    async with services.database.transaction(company.company_id) as connection:
        await conversations.lock(connection, company.company_id, conversation_id)
        await tickets.open_ticket(
            connection, company.company_id, ticket_id=ticket_id, turn_id=new_id(), user_id="u1",
            conversation_id=conversation_id, reason=reason, alert={"who": "u1"},
            expected_by=now + timedelta(minutes=30), trace_id="t" * 32, now=now,
        )  # fmt: skip
        address = (connection, company.company_id, conversation_id)
        await conversations.set_handled_by(*address, HandledBy.QUEUE, now)
    return ticket_id


async def audited(client: httpx2.AsyncClient, headers: dict[str, str]) -> list[str]:
    items = (await client.get("/api/v1/audit-log", headers=headers)).json()["items"]
    return [item["action"] for item in reversed(items) if item["action"] != "company.founded"]


# -- list and detail


async def test_the_list_is_filtered_and_paged(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company
) -> None:
    ids = {}
    for user, language, phone in (("a", "en", "+971 4 123"), ("b", "ar", None), ("c", "ar", None)):
        body = {"user_id": user, "language": language, "playbook": "support", "conversation_type": None, "phone": phone}
        ids[user] = (await start(client, headers, **body))["conversation_id"]
    await open_ticket(services, company, ids["b"])

    async def found(query: str) -> list[str]:
        answer = await client.get(f"{LIST}?{query}", headers=headers)
        assert answer.status_code == 200, answer.text
        return [item["user_id"] for item in answer.json()["items"]]

    assert await found("") == ["c", "b", "a"]
    assert await found("language=ar") == ["c", "b"]
    assert await found("handled_by=queue") == ["b"]
    assert await found("phone=%2B971+4+123") == ["a"]
    assert await found("user_id=c") == ["c"]
    assert await found("status=STARTED&playbook=support") == ["c", "b", "a"]
    assert await found("state=COMPLETED") == []
    first = (await client.get(f"{LIST}?limit=2", headers=headers)).json()
    rest = (await client.get(f"{LIST}?limit=2&cursor={first['next_cursor']}", headers=headers)).json()
    assert [item["user_id"] for item in first["items"] + rest["items"]] == ["c", "b", "a"]
    assert rest["next_cursor"] is None
    for wrong in ("status=DONE", "handled_by=nobody", "language=English", "limit=0", "cursor=x"):
        problem(await client.get(f"{LIST}?{wrong}", headers=headers), 422, "invalid_request")


async def test_detail_shows_messages_in_order_and_the_ticket(
    client: httpx2.AsyncClient,
    headers: dict[str, str],
    services: Services,
    company: Company,
    begun: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ingest_api.routes.inbox.SHOWN_MESSAGES", 3)
    async with answering(services):
        for text in ("one", "two", "three"):
            await say(client, headers, begun["conversation_id"], text)
    ticket_id = await open_ticket(services, company, begun["conversation_id"])
    path = f"{LIST}/{begun['conversation_id']}"
    latest = (await client.get(path, headers=headers)).json()
    assert [message["position"] for message in latest["messages"]] == [4, 5, 6]
    assert (latest["ticket"]["ticket_id"], latest["ticket"]["reason"]) == (ticket_id, "wish")
    earlier = (await client.get(f"{path}?cursor={latest['previous_cursor']}", headers=headers)).json()
    assert [message["position"] for message in earlier["messages"]] == [1, 2, 3]
    assert earlier["previous_cursor"] is None
    problem(await client.get(f"{LIST}/{new_id()}", headers=headers), 404, "not_found")


# -- changes


async def test_changes_are_made_and_audited_without_personal_data(
    client: httpx2.AsyncClient, headers: dict[str, str], begun: dict[str, Any]
) -> None:
    path = f"{LIST}/{begun['conversation_id']}"
    change = {"customer_name": "Jane Doe", "sales_stage": "qualifying", "language": "ar-AE", "status": "IN_PROGRESS"}
    after = (await client.patch(path, json={**change, "resolved": True}, headers=headers)).json()
    assert (after["customer_name"], after["stage"], after["language"]) == ("Jane Doe", "qualifying", "ar")
    assert (after["state"], after["resolved"]) == ("IN_PROGRESS", True)
    recommending = {"status": "GENERATING_RECOMMENDATIONS"}
    problem(await client.patch(path, json=recommending, headers=headers), 409, "illegal_transition")
    cleared = (await client.patch(path, json={"customer_name": ""}, headers=headers)).json()
    assert cleared["customer_name"] is None
    log = await client.get("/api/v1/audit-log", headers=headers)
    assert log.json()["items"][0]["action"] == "conversation.updated"
    assert "Jane" not in log.text


WRONG_CHANGES: list[tuple[dict[str, Any], int, str]] = [
    ({"status": "GENERATING_RECOMMENDATIONS"}, 409, "illegal_transition"),
    ({"sales_stage": "closing"}, 409, "illegal_stage"),
    ({"stage": "nowhere"}, 409, "illegal_stage"),
    ({"status": "DONE"}, 422, "invalid_request"),
    ({"status": "IN_PROGRESS", "state": "COMPLETED"}, 422, "invalid_request"),
    ({}, 422, "invalid_request"),
    ({"phone": "call me"}, 422, "invalid_request"),
    ({"handled_by": "human"}, 422, "invalid_request"),
]


async def test_a_change_that_cannot_be_changes_nothing(
    client: httpx2.AsyncClient, headers: dict[str, str], begun: dict[str, Any]
) -> None:
    path = f"{LIST}/{begun['conversation_id']}"
    before = (await client.get(path, headers=headers)).json()
    for change, status, code in WRONG_CHANGES:
        answer = await client.patch(path, json=change, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code), change
    assert (await client.get(path, headers=headers)).json() == before
    assert await audited(client, headers) == []


async def test_a_state_that_ends_it_ends_everything(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company, begun: dict[str, Any]
) -> None:
    ticket_id = await open_ticket(services, company, begun["conversation_id"])
    path = f"{LIST}/{begun['conversation_id']}"
    after = (await client.patch(path, json={"status": "COMPLETED"}, headers=headers)).json()
    assert (after["state"], after["close_code"], after["ticket"]) == ("COMPLETED", "completed", None)
    ticket = (await client.get(f"/api/v1/escalations/{ticket_id}", headers=headers)).json()
    assert ticket["status"] == "resolved"
    assert (await frames(services, company))[-1]["type"] == "ended"
    problem(await client.patch(path, json={"status": "IN_PROGRESS"}, headers=headers), 409, "illegal_transition")
    problem(await client.patch(path, json={"stage": "qualifying"}, headers=headers), 409, "conversation_ended")
    assert (await start(client, headers))["conversation_id"] != begun["conversation_id"]


# -- people


async def test_a_person_who_writes_takes_over_and_answers_the_ticket(
    client: httpx2.AsyncClient, services: Services, company: Company, headers: dict[str, str], begun: dict[str, Any]
) -> None:
    _, token = await add_person(services, company.company_id, "agent")
    person = {"Authorization": f"Bearer {token}"}
    ticket_id = await open_ticket(services, company, begun["conversation_id"])
    path = f"{LIST}/{begun['conversation_id']}"
    body = {"text": "Hello, Sam here.", "client_message_id": "p1", "author": "Sam"}
    first = await client.post(f"{path}/messages", json=body, headers=person)
    again = await client.post(f"{path}/messages", json=body, headers=person)
    assert (first.status_code, first.json()["handled_by"], first.json()["agent_name"]) == (201, "human", "Sam")
    assert again.json()["message"] == first.json()["message"]
    assert (first.json()["message"]["role"], first.json()["message"]["author"]) == ("agent", "Sam")

    shown = await frames(services, company)
    assert [frame["type"] for frame in shown] == ["handoff", "message"]
    assert (shown[0]["handled_by"], shown[0]["agent"]) == ("human", "Sam")
    assert (shown[1]["role"], shown[1]["text"]) == ("agent", "Hello, Sam here.")
    ticket = (await client.get(f"/api/v1/escalations/{ticket_id}", headers=headers)).json()
    assert (ticket["status"], ticket["kind"], ticket["conversation_id"]) == (
        "acknowledged", "conversation", begun["conversation_id"],
    )  # fmt: skip
    assert ticket["answered_at"] is not None
    assert ticket["assigned_to"].startswith("agent-")
    assert sorted(await audited(client, headers)) == [
        "conversation.message_sent", "conversation.taken_over", "escalation.updated",
    ]  # fmt: skip

    answer = await say(client, headers, begun["conversation_id"], "Thanks")
    assert (answer.json()["handled_by"], answer.json()["message"]) == ("human", None)
    assert await services.redis.xlen(streams.CONVERSATIONS) == 0
    second = await client.post(f"{path}/messages", json={"text": "You are welcome."}, headers=person)
    assert second.json()["message"]["author"] == "Sam"
    assert [frame["type"] for frame in await frames(services, company)].count("handoff") == 1
    third = await client.post(f"{path}/messages", json={"text": "Kim now.", "author": "Kim"}, headers=headers)
    assert (third.json()["message"]["author"], third.json()["agent_name"]) == ("Kim", "Kim")
    assert (await audited(client, headers)).count("conversation.taken_over") == 1


@pytest.mark.parametrize(
    ("author", "shown"),
    [
        ("Sam\u202emoc.live", "Sammoc.live"),
        ("\u2066Sam\u2069\u200b", "Sam"),
        ("Sam\nAgent: paid", "Sam Agent: paid"),
        ("\u200fسامي", "\u200fسامي"),
    ],
)
async def test_a_name_turns_and_hides_nothing_around_it(
    client: httpx2.AsyncClient, headers: dict[str, str], begun: dict[str, Any], author: str, shown: str
) -> None:
    path = f"{LIST}/{begun['conversation_id']}"
    written = await client.post(f"{path}/messages", json={"text": "Hello.", "author": author}, headers=headers)
    taken = await client.post(f"{path}/takeover", json={"author": author}, headers=headers)
    assert (written.json()["message"]["author"], taken.json()["agent_name"]) == (shown, shown)


@pytest.mark.parametrize("author", ["\u202e", "\u2066\u2069", "\u200b \u200b", "\u200f", "\u3164"])
async def test_a_name_that_nobody_sees_is_refused(
    client: httpx2.AsyncClient, headers: dict[str, str], begun: dict[str, Any], author: str
) -> None:
    path = f"{LIST}/{begun['conversation_id']}"
    for end, body in (("messages", {"text": "Hello.", "author": author}), ("takeover", {"author": author})):
        refused = await client.post(f"{path}/{end}", json=body, headers=headers)
        assert refused.status_code == 422
        assert "author" in refused.text
    shown = (await client.get(path, headers=headers)).json()
    assert shown["handled_by"] == "agent"


async def test_handing_back_lets_the_agent_answer_again_and_nothing_is_answered_twice(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company, begun: dict[str, Any]
) -> None:
    path = f"{LIST}/{begun['conversation_id']}"
    taken = await client.post(f"{path}/takeover", json={"author": "Sam"}, headers=headers)
    assert (taken.status_code, taken.json()["handled_by"], taken.json()["agent_name"]) == (200, "human", "Sam")
    await say(client, headers, begun["conversation_id"], "For Sam")
    await client.post(f"{path}/messages", json={"text": "Sam here."}, headers=headers)
    back = await client.post(f"{path}/handback", headers=headers)
    assert (back.json()["handled_by"], back.json()["agent_name"]) == ("agent", None)
    assert (await client.post(f"{path}/handback", headers=headers)).status_code == 200
    async with answering(services) as responder:
        answer = await say(client, headers, begun["conversation_id"], "For the agent")
    assert answer.json()["message"]["text"] == "You said: For the agent"
    assert len(responder.answered) == 1
    handoffs = [frame["handled_by"] for frame in await frames(services, company) if frame["type"] == "handoff"]
    assert handoffs[:2] == ["human", "agent"]
    taken_over, *_, handed_back = await audited(client, headers)
    assert (taken_over, handed_back) == ("conversation.taken_over", "conversation.handed_back")


@pytest.mark.parametrize("how", ["handback", "resolved"])
async def test_what_people_left_unanswered_is_taken_up_once_after_a_hand_back(
    client: httpx2.AsyncClient,
    headers: dict[str, str],
    services: Services,
    company: Company,
    begun: dict[str, Any],
    how: str,
) -> None:
    ticket_id, path = (
        await open_ticket(services, company, begun["conversation_id"]),
        f"{LIST}/{begun['conversation_id']}",
    )
    await client.post(f"{path}/messages", json={"text": "Sam here."}, headers=headers)
    for text in ("And how do I import?", "From a CSV."):
        await say(client, headers, begun["conversation_id"], text)
    async with answering(services) as responder:
        for _ in range(2):
            if how == "handback":
                assert (await client.post(f"{path}/handback", headers=headers)).status_code == 200
            else:
                ticket = f"/api/v1/escalations/{ticket_id}"
                assert (await client.patch(ticket, json={"status": "resolved"}, headers=headers)).status_code == 200
        await eventually(lambda: asyncio.sleep(0, bool(responder.answered)))
        after = await say(client, headers, begun["conversation_id"], "Thanks")
    assert after.json()["message"]["text"] == "You said: Thanks"
    said = (await client.get(path, headers=headers)).json()["messages"]
    assert [one["text"] for one in said if one["role"] == "assistant"] == [
        "You said: And how do I import? / From a CSV.", "You said: Thanks",
    ]  # fmt: skip
    assert len(responder.answered) == 2


async def test_resolving_a_ticket_hands_the_conversation_back(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company, begun: dict[str, Any]
) -> None:
    ticket_id = await open_ticket(services, company, begun["conversation_id"])
    path = f"/api/v1/escalations/{ticket_id}"
    await client.patch(path, json={"status": "acknowledged"}, headers=headers)
    waiting = (await client.get(f"{LIST}/{begun['conversation_id']}", headers=headers)).json()
    assert waiting["handled_by"] == "queue"
    resolved = await client.patch(path, json={"status": "resolved", "note": "Called."}, headers=headers)
    assert resolved.json()["status"] == "resolved"
    after = (await client.get(f"{LIST}/{begun['conversation_id']}", headers=headers)).json()
    assert (after["handled_by"], after["ticket"]) == ("agent", None)
    assert (await frames(services, company))[-1]["handled_by"] == "agent"
    assert (await client.patch(path, json={"status": "resolved"}, headers=headers)).status_code == 200


async def test_who_waits_for_a_person_takes_that_back_by_a_button_once(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company, begun: dict[str, Any]
) -> None:
    conversation_id, page = begun["conversation_id"], page_of(company)
    problem(await press(client, page, "cancel-human", conversation_id), 409, "nobody_called")
    ticket_id = await open_ticket(services, company, conversation_id)
    problem(await press(client, page_of(company, "u2"), "cancel-human", conversation_id), 404, "not_found")
    for each in ({**page, "Idempotency-Key": "k"}, {**page, "Idempotency-Key": "k"}, page):
        answer = (await press(client, each, "cancel-human")).json()
        assert answer == {"conversation_id": conversation_id, "task_id": None, "friendly_task_id": None}
    ticket = (await client.get(f"/api/v1/escalations/{ticket_id}", headers=headers)).json()
    assert (ticket["status"], ticket["note"]) == ("resolved", "Withdrawn by the user.")
    kept = (await client.get(f"{LIST}/{conversation_id}", headers=headers)).json()
    assert (kept["handled_by"], [one["text"] for one in kept["messages"]]) == ("agent", ["human_cancelled"])
    told = [(one["type"], one["handled_by"]) for one in await frames(services, company) if one["type"] == "handoff"]
    assert told == [("handoff", "agent")]
    await open_ticket(services, company, conversation_id)
    await client.post(f"{LIST}/{conversation_id}/takeover", headers=headers)
    problem(await press(client, page, "cancel-human"), 409, "person_answers")
    await client.post(f"{LIST}/{conversation_id}/handback", headers=headers)
    await open_ticket(services, company, conversation_id, "safety")
    problem(await press(client, page, "cancel-human"), 409, "person_needed")
    await client.post(f"{LIST}/{conversation_id}/close", headers=headers)
    problem(await press(client, page, "cancel-human", conversation_id), 409, "conversation_ended")


async def test_what_was_said_to_nobody_is_taken_up_when_the_wish_is_taken_back(
    client: httpx2.AsyncClient, services: Services, company: Company, begun: dict[str, Any]
) -> None:
    page = page_of(company)
    await open_ticket(services, company, begun["conversation_id"])
    left = (await say(client, page, begun["conversation_id"], "And how do I import?", mode="async")).json()["task_id"]
    async with services.database.transaction(company.company_id) as connection:
        address, now = (connection, company.company_id, left), datetime.now(UTC)
        await conversation_turns.begin(*address, now)
        await conversation_turns.finish(*address, "done", "left_to_person", now=now)
    task_id = (await press(client, page, "cancel-human")).json()["task_id"]
    (*_, (_, fields)) = await services.redis.xrange(streams.CONVERSATIONS)
    assert streams.decode_conversation_turn(fields[streams.FIELD]).turn_id == task_id


async def test_closing_ends_it_once(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company, begun: dict[str, Any]
) -> None:
    ticket_id = await open_ticket(services, company, begun["conversation_id"])
    path = f"{LIST}/{begun['conversation_id']}"
    closed = await client.post(f"{path}/close", json={"resolved": True}, headers=headers)
    assert (closed.json()["state"], closed.json()["close_code"], closed.json()["resolved"]) == (
        "COMPLETED", "completed", True,
    )  # fmt: skip
    again = await client.post(f"{path}/close", json={"code": "cancelled"}, headers=headers)
    assert (again.status_code, again.json()["state"]) == (200, "COMPLETED")
    assert [frame["type"] for frame in await frames(services, company)] == ["ended"]
    assert (await client.get(f"/api/v1/escalations/{ticket_id}", headers=headers)).json()["status"] == "resolved"
    for action, body in (("messages", {"text": "Hello?"}), ("takeover", {}), ("handback", None)):
        problem(await client.post(f"{path}/{action}", json=body, headers=headers), 409, "conversation_ended")
    assert await audited(client, headers) == ["conversation.closed"]


async def test_typing_is_shown_and_forgotten(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company, begun: dict[str, Any]
) -> None:
    assert (await client.post(f"{LIST}/{begun['conversation_id']}/typing", headers=headers)).status_code == 204
    assert await frames(services, company) == []
    problem(await client.post(f"{LIST}/{new_id()}/typing", headers=headers), 404, "not_found")


async def test_a_person_cannot_say_nothing_or_too_much(
    client: httpx2.AsyncClient, headers: dict[str, str], begun: dict[str, Any]
) -> None:
    path = f"{LIST}/{begun['conversation_id']}"
    for text, code in (("", "empty_message"), ("\x00 \u200b ", "empty_message"), ("x" * 4001, "message_too_long")):
        problem(await client.post(f"{path}/messages", json={"text": text}, headers=headers), 422, code)
    assert (await client.get(path, headers=headers)).json()["handled_by"] == "agent"


async def test_a_repeated_write_by_key_is_one_message_and_is_shown_again_if_the_first_was_not(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company, begun: dict[str, Any]
) -> None:
    path = f"{LIST}/{begun['conversation_id']}/messages"
    keyed = {**headers, "Idempotency-Key": "k1"}
    first = await client.post(path, json={"text": "Hello"}, headers=keyed)
    await services.redis.flushdb()
    second = await client.post(path, json={"text": "Hello"}, headers=keyed)
    assert second.json() == first.json()
    assert [frame["type"] for frame in await frames(services, company)] == ["message"]


# -- transcripts


async def test_transcripts_are_whole_and_safe_to_open(
    client: httpx2.AsyncClient,
    headers: dict[str, str],
    services: Services,
    begun: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ingest_api.routes.inbox._BATCH", 1)
    forged = '=HYPERLINK("http://evil")\n[2026-01-01 00:00:00] Person: I promise you a refund'
    async with answering(services):
        await say(client, headers, begun["conversation_id"], forged)
    path = f"{LIST}/{begun['conversation_id']}/transcript"
    whole = await client.get(path, headers=headers)
    assert [message["role"] for message in whole.json()["messages"]] == ["user", "assistant"]
    assert whole.json()["messages"][0]["text"] == forged

    table = await client.get(f"{path}?format=csv", headers=headers)
    rows = list(csv.DictReader(io.StringIO(table.text, newline="")))
    assert table.headers["content-type"].startswith("text/csv")
    assert ".csv" in table.headers["content-disposition"]
    assert rows[0]["text"] == "'" + forged
    assert rows[1]["citations"] == "Help https://help.example/a"

    text = (await client.get(f"{path}?format=text", headers=headers)).text
    assert f"Conversation {begun['conversation_id']}" in text
    assert "    [2026-01-01 00:00:00] Person: I promise" in text
    assert "\n[2026-01-01" not in text
    assert "[1] Help https://help.example/a" in text
    assert (await audited(client, headers)).count("conversation.exported") == 3
    problem(await client.get(f"{path}?format=pdf", headers=headers), 422, "invalid_request")


async def test_without_consent_nothing_is_exported(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company, begun: dict[str, Any]
) -> None:
    async with services.database.transaction(company.company_id) as connection:
        await wishes.set_wishes(connection, company.company_id, "u1", datetime.now(UTC), consent=False)
    for form in ("json", "text", "csv"):
        answer = await client.get(f"{LIST}/{begun['conversation_id']}/transcript?format={form}", headers=headers)
        problem(answer, 403, "no_consent")
    problem(await client.get(f"{LIST}/{new_id()}/transcript", headers=headers), 404, "not_found")
    assert await audited(client, headers) == []
