"""Beginning conversations and speaking in them over HTTP: states, waiting, repetitions, refusals."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import orjson
import pytest

from core import streams
from core.conversations import HandledBy
from core.friendly import friendly_id
from core.playbooks import shipped
from core.security import issue_user_token
from db import conversation_turns, conversations, memory
from ingest_api.routes import conversation as routes
from ingest_api.wiring import Services
from local.installation import Company
from tests.ingest_api.answering import answering
from tests.ingest_api.test_events import problem
from tests.stream_consumer.harness import eventually

START = "/api/v1/conversation/start"
PROCESS = "/api/v1/conversation/{}/process"
TASK = "/api/v1/conversation/tasks/{}"


@pytest.fixture
def headers(company: Company) -> dict[str, str]:
    return {"X-API-Key": company.secret_key}


def page_of(company: Company, user_id: str = "u1", **token: Any) -> dict[str, str]:
    """What a page sends along: the public key, and the token of its user."""
    signed, _ = issue_user_token(company.identity_secret, company.company_id, user_id, datetime.now(UTC), **token)
    return {"X-API-Key": company.public_key, "X-User-Token": signed}


async def start(client: httpx2.AsyncClient, headers: dict[str, str], **body: Any) -> dict[str, Any]:
    answer = await client.post(
        START, json={"user_id": "u1", "conversation_type": "onboarding", **body}, headers=headers
    )
    assert answer.status_code in (200, 201), answer.text
    found: dict[str, Any] = answer.json()
    return found


async def say(
    client: httpx2.AsyncClient,
    headers: dict[str, str],
    named: str = "active",
    text: str = "Hello",
    **body: Any,
) -> httpx2.Response:
    return await client.post(PROCESS.format(named), json={"user_input": text, **body}, headers=headers)


async def frames(services: Services, company: Company, user_id: str = "u1") -> list[dict[str, Any]]:
    entries = await services.redis.xrange(streams.frames_key(company.company_id, user_id))
    return [orjson.loads(fields[b"d"]) for _, fields in entries]


# -- start


async def test_a_conversation_begins_with_the_questions_that_context_leaves_open(
    client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await client.post(
        START, json={"user_id": "u1", "conversation_type": "onboarding", "language": "en-GB"}, headers=headers
    )
    body = answer.json()
    assert answer.status_code == 201
    assert (body["state"], body["stage"], body["playbook"]) == ("STARTED", "profile", "onboarding")
    assert (body["language"], body["handled_by"]) == ("en", "agent")
    assert body["greeting"].startswith("Welcome")
    assert any("role" in question for question in body["questions"])
    assert body["budget"]["conversation_cents"] > 0

    fewer = await start(client, headers, user_id="u2", context={"role": "Founder", "team_size": 3})
    assert len(fewer["questions"]) == len(body["questions"]) - 2
    arabic = await start(client, headers, user_id="u3", language="ar")
    assert arabic["greeting"].startswith("أهلًا")


async def test_a_language_that_the_playbook_lacks_is_kept_for_models_and_what_is_spoken_is_said(
    client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    begun = await start(client, headers, language="fr")
    assert (begun["language"], begun["greeting"][:7]) == ("en", "Welcome")
    stored = await client.get(f"/api/v1/conversations/{begun['conversation_id']}", headers=headers)
    assert stored.json()["language"] == "fr"


async def test_one_active_conversation_a_user(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    first = await start(client, headers)
    refused = await client.post(START, json={"user_id": "u1", "playbook": "sales"}, headers=headers)
    problem(refused, 409, "conversation_active")
    assert refused.json()["errors"] == [{"conversation_id": first["conversation_id"]}]
    resumed = await client.post(START, json={"user_id": "u1", "resume_existing": True}, headers=headers)
    assert (resumed.status_code, resumed.json()["conversation_id"]) == (200, first["conversation_id"])
    assert resumed.json()["questions"] == first["questions"]
    other = await start(client, headers, user_id="u2")
    assert other["conversation_id"] != first["conversation_id"]


async def test_a_conversation_that_goes_on_tells_what_its_stage_leaves_open(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company
) -> None:
    begun = await start(client, headers, context={"timeline": "in June"})
    address = (company.company_id, begun["conversation_id"])
    wish = {"user_id": "u1", "resume_existing": True, "language": "ar"}

    async def resumed(answers: dict[str, str], stage: str, **changes: str) -> Any:
        async with services.database.transaction(company.company_id) as connection:
            await memory.note_answers(connection, *address, answers)
            await conversations.advance(connection, *address, shipped()["onboarding"].playbook, stage)
        return (await client.post(START, json={**wish, **changes}, headers=headers)).json()

    first = await resumed({"role": "Sales"}, "profile")
    assert (first["language"], first["stage"], first["greeting"][:5]) == ("ar", "profile", "أهلًا")
    assert first["questions"] == [
        "كم شخصًا سيعمل عليه؟ (أنا فقط / من 2 إلى 10 / من 11 إلى 50 / أكثر من 50)",
        "ما مجال عملكم؟",
    ]
    later = await resumed({"team_size": "-", "industry": "-"}, "goals", language="fr")
    assert (later["language"], later["questions"]) == ("en", ["What would you like to have working first?"])
    assert (await resumed({"questions_ended": "-"}, "goals"))["questions"] == []


async def test_two_starts_at_once_begin_one(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    answers = await asyncio.gather(*(client.post(START, json={"user_id": "u1"}, headers=headers) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_a_repeated_start_gets_the_first_answer(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    keyed = {**headers, "Idempotency-Key": "once"}
    first, second = [await client.post(START, json={"user_id": "u1"}, headers=keyed) for _ in range(2)]
    assert (second.status_code, second.json()) == (201, first.json())
    assert second.headers["idempotency-replayed"] == "true"
    problem(await client.post(START, json={"user_id": "u2"}, headers=keyed), 409, "idempotency_conflict")


async def test_pages_that_share_a_key_share_no_idempotency_keys(client: httpx2.AsyncClient, company: Company) -> None:
    ids = []
    for user in ("u1", "u2"):
        keyed = {**page_of(company, user), "Idempotency-Key": "same"}
        answer = await client.post(START, json={"playbook": "support"}, headers=keyed)
        assert answer.status_code == 201, answer.text
        ids.append(answer.json()["conversation_id"])
    assert ids[0] != ids[1]


async def test_a_stale_conversation_ends_by_itself(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company
) -> None:
    first = await start(client, headers)
    await age(services, company, first["conversation_id"])
    second = await start(client, headers, resume_existing=True)
    assert second["conversation_id"] != first["conversation_id"]
    async with services.database.transaction(company.company_id) as connection:
        ended = await conversations.get(connection, company.company_id, first["conversation_id"])
    assert ended is not None
    assert (ended.state, ended.close_code) == ("CANCELLED", "stale")
    assert [(frame["type"], frame["code"]) for frame in await frames(services, company)] == [("ended", "stale")]


async def test_what_is_said_after_long_silence_begins_another_conversation(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company
) -> None:
    first = await start(client, headers)
    await age(services, company, first["conversation_id"])
    said = (await say(client, headers, user_id="u1", mode="async")).json()
    assert said["conversation_id"] != first["conversation_id"]
    shown = await frames(services, company)
    assert [(frame["type"], frame["conversation_id"]) for frame in shown] == [
        ("ended", first["conversation_id"]), ("message", said["conversation_id"]),
    ]  # fmt: skip


async def age(services: Services, company: Company, conversation_id: str) -> None:
    """Let the silence of a conversation be a year long."""
    async with services.database.transaction(company.company_id) as connection:
        await connection.execute(
            "UPDATE conversations SET stale_at = %s WHERE conversation_id = %s",
            (datetime.now(UTC) - timedelta(days=365), conversation_id),
        )


WRONG_STARTS: list[tuple[dict[str, Any], int, str]] = [
    ({"user_id": "u1", "playbook": "nonsense"}, 404, "unknown_playbook"),
    ({"user_id": "u1", "playbook": "Not A Name"}, 422, "invalid_request"),
    ({"user_id": "u1", "playbook": "sales", "conversation_type": "support"}, 422, "invalid_request"),
    ({"playbook": "sales"}, 422, "invalid_request"),
    ({"user_id": ""}, 422, "invalid_request"),
    ({"user_id": "u" * 200}, 422, "invalid_request"),
    ({"user_id": "u1", "language": "a language"}, 422, "invalid_request"),
    ({"user_id": "u1", "context": {"a": "x" * 20_000}}, 422, "invalid_request"),
    ({"user_id": "u1", "context": {"a": 10**30}}, 422, "invalid_request"),
    ({"user_id": "u1", "context": {"a": "\x00"}}, 422, "invalid_request"),
    ({"user_id": "u1", "context": []}, 422, "invalid_request"),
    ({"user_id": "u1", "phone": "call me"}, 422, "invalid_request"),
    ({"user_id": "u1", "surprise": 1}, 422, "invalid_request"),
]


async def test_a_wrong_start_begins_nothing(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    for body, status, code in WRONG_STARTS:
        answer = await client.post(START, json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code), body
    assert (await client.post(START, json={"user_id": "u1"}, headers=headers)).status_code == 201


# -- who may speak


async def test_a_page_speaks_for_its_own_user_alone(client: httpx2.AsyncClient, company: Company) -> None:
    problem(await client.post(START, json={}, headers={"X-API-Key": company.public_key}), 401, "unauthenticated")
    mine = await client.post(START, json={"playbook": "support"}, headers=page_of(company))
    assert mine.status_code == 201
    problem(await client.post(START, json={"user_id": "u2"}, headers=page_of(company)), 403, "user_mismatch")
    theirs = page_of(company, "u2")
    conversation_id = mine.json()["conversation_id"]
    problem(await say(client, theirs, conversation_id), 404, "not_found")
    problem(await say(client, page_of(company), conversation_id, user_id="u2"), 403, "user_mismatch")
    task = (await say(client, page_of(company), conversation_id, mode="async")).json()["task_id"]
    problem(await client.get(TASK.format(task), headers=theirs), 404, "not_found")
    assert (await client.get(TASK.format(task), headers=page_of(company))).status_code == 200


async def test_conversations_can_be_switched_off_and_rolled_out(
    client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    first = await start(client, headers)
    held = await start(client, headers, user_id="u2")
    await client.post(f"/api/v1/conversations/{held['conversation_id']}/takeover", headers=headers)
    for rules in ({"enabled": False}, {"enabled": True, "rollout_percent": 0}):
        await client.post("/api/v1/config", json={"conversations": rules}, headers=headers)
        problem(await client.post(START, json={"user_id": "u9"}, headers=headers), 403, "conversations_unavailable")
        problem(await say(client, headers, first["conversation_id"]), 403, "conversations_unavailable")
        assert (await say(client, headers, held["conversation_id"])).json()["handled_by"] == "human"
        resumed = await start(client, headers, user_id="u2", resume_existing=True)
        assert resumed["conversation_id"] == held["conversation_id"]
    await client.post(f"/api/v1/conversations/{held['conversation_id']}/handback", headers=headers)
    problem(await say(client, headers, held["conversation_id"]), 403, "conversations_unavailable")
    await client.post("/api/v1/config", json={"conversations": {"rollout_percent": 100}}, headers=headers)
    assert (await client.post(START, json={"user_id": "u9"}, headers=headers)).status_code == 201


# -- process


async def test_an_answer_in_time_is_the_answer(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company
) -> None:
    begun = await start(client, headers)
    async with answering(services) as responder:
        answer = await say(client, headers, begun["conversation_id"], "Hello there", client_message_id="m1")
    body = answer.json()
    assert answer.status_code == 200, answer.text
    assert (body["state"], body["stage"], body["handled_by"]) == ("IN_PROGRESS", "profile", "agent")
    assert (body["message"]["text"], body["message"]["role"]) == ("You said: Hello there", "assistant")
    assert body["message"]["citations"] == [
        {"title": "Help", "url": "https://help.example/a", "marker": 1, "attribution": None}
    ]
    assert body["error"] is None
    assert responder.answered == [body["task_id"]]
    assert body["friendly_task_id"] == friendly_id(body["task_id"])
    shown = await frames(services, company)
    assert [(frame["type"], frame["role"], frame["client_message_id"]) for frame in shown] == [
        ("message", "user", "m1")
    ]


async def test_a_slow_answer_is_a_task_that_can_be_asked_for(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services
) -> None:
    begun = await start(client, headers)
    answer = await say(client, headers, begun["conversation_id"], mode="async")
    body = answer.json()
    assert answer.status_code == 202
    assert body["friendly_task_id"] == friendly_id(body["task_id"])
    assert answer.headers["location"] == body["status_url"] == TASK.format(body["task_id"])
    for name in (body["task_id"], body["friendly_task_id"], body["friendly_task_id"].upper()):
        task = (await client.get(TASK.format(name), headers=headers)).json()
        assert (task["status"], task["result"], task["task_id"]) == ("queued", None, body["task_id"])

    joined = await say(client, headers, begun["conversation_id"], "Anybody?", client_message_id="m2", mode="async")
    assert joined.json()["task_id"] == body["task_id"]
    async with answering(services):
        repeated = await say(client, headers, begun["conversation_id"], "Anybody?", client_message_id="m2", mode="sync")
    assert repeated.status_code == 200
    task = (await client.get(TASK.format(body["friendly_task_id"]), headers=headers)).json()
    assert task["status"] == "done"
    assert task["result"]["message"]["text"] == "You said: Hello / Anybody?"
    assert task["finished_at"] is not None


async def test_waiting_ends_when_the_time_is_up(
    client: httpx2.AsyncClient, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(routes.WAIT_SECONDS, "auto", 0.2)
    begun = await start(client, headers)
    assert (await say(client, headers, begun["conversation_id"])).status_code == 202


async def test_a_message_sent_again_is_answered_once(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company
) -> None:
    begun = await start(client, headers)
    async with answering(services) as responder:
        address = (client, headers, begun["conversation_id"], "Hello")
        answers = await asyncio.gather(*(say(*address, client_message_id="m1") for _ in range(3)))
        later = await say(*address, client_message_id="m1", mode="async")
    assert [answer.status_code for answer in (*answers, later)] == [200] * 4
    assert len({answer.json()["message"]["message_id"] for answer in (*answers, later)}) == 1
    assert len(responder.answered) == 1
    assert len(await frames(services, company)) == 1
    other = await say(client, headers, begun["conversation_id"], "Something else", client_message_id="m1")
    problem(other, 409, "idempotency_conflict")


async def test_an_idempotency_key_does_what_a_client_message_id_does(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services
) -> None:
    begun = await start(client, headers)
    keyed = {**headers, "Idempotency-Key": "k1"}
    async with answering(services) as responder:
        first, second = [await say(client, keyed, begun["conversation_id"]) for _ in range(2)]
    assert first.json()["message"] == second.json()["message"]
    assert len(responder.answered) == 1


async def test_without_an_id_the_active_conversation_goes_on_or_one_begins(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services
) -> None:
    problem(await say(client, headers), 422, "invalid_request")
    async with answering(services):
        first = (await say(client, headers, user_id="u1")).json()
        second = (await say(client, headers, "null", user_id="u1")).json()
        third = (await say(client, headers, "active", conversation_id=first["conversation_id"].upper())).json()
    assert first["conversation_id"] == second["conversation_id"] == third["conversation_id"]
    assert third["message"]["position"] == 6


UNSAYABLE = (
    ("", "empty_message"),
    ("   \n ", "empty_message"),
    ("\u202e\u200b", "empty_message"),
    ("\x00\x01\x7f", "empty_message"),
    ("x" * 4001, "message_too_long"),
    ("x" * 100_000, "message_too_long"),
)
"""As over the WebSocket (`tests/ws_gateway`)."""


async def test_what_says_nothing_or_too_much_is_refused(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    begun = await start(client, headers)
    for text, code in UNSAYABLE:
        answer = await say(client, headers, begun["conversation_id"], text)
        assert (answer.status_code, answer.json()["code"]) == (422, code), text[:20]


async def test_controls_and_halves_of_characters_are_taken_out(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services
) -> None:
    begun = await start(client, headers)
    async with answering(services):
        answer = await say(client, headers, begun["conversation_id"], "abc\u202edef\x07\x00 مرحبا" + " " * 4000)
        assert answer.json()["message"]["text"] == "You said: abcdef مرحبا"
        half = {
            "content": b'{"user_input": "half \\ud83d"}',
            "headers": {**headers, "Content-Type": "application/json"},
        }
        answer = await client.post(f"/api/v1/conversation/{begun['conversation_id']}/process", **half)
    assert answer.json()["message"]["text"] == "You said: half \ufffd"


async def test_unknown_ended_and_strange_conversations(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company
) -> None:
    begun = await start(client, headers)
    for unknown in ("0193a5b0-0000-7000-8000-000000000001", "nonsense"):
        problem(await say(client, headers, unknown), 404, "not_found")
    problem(await client.get(TASK.format("calm-otter-4821"), headers=headers), 404, "not_found")
    async with services.database.transaction(company.company_id) as connection:
        now = datetime.now(UTC)
        await conversations.close(connection, company.company_id, begun["conversation_id"], "completed", now)
    problem(await say(client, headers, begun["conversation_id"]), 409, "conversation_ended")


async def test_fifty_messages_a_second_are_too_many(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    begun = await start(client, headers)
    answers = [await say(client, headers, begun["conversation_id"], f"m{n}", mode="async") for n in range(25)]
    limited = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers} == {202, 429}
    problem(limited[0], 429, "too_many_messages")
    assert int(limited[0].headers["retry-after"]) >= 1
    assert len({answer.json()["task_id"] for answer in answers if answer.status_code == 202}) == 1


async def test_while_a_person_answers_no_turn_is_made(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company
) -> None:
    begun = await start(client, headers)
    async with services.database.transaction(company.company_id) as connection:
        address = (connection, company.company_id, begun["conversation_id"])
        await conversations.set_handled_by(*address, HandledBy.HUMAN, datetime.now(UTC))
    answer = await say(client, headers, begun["conversation_id"])
    body = answer.json()
    assert (answer.status_code, body["handled_by"], body["message"], body["task_id"]) == (200, "human", None, None)
    assert body["user_message_id"]
    assert await services.redis.xlen(streams.CONVERSATIONS) == 0


async def press(client: httpx2.AsyncClient, headers: dict[str, str], button: str, named: str = "active") -> Any:
    return await client.post(f"/api/v1/conversation/{named}/{button}", headers=headers)


async def test_a_page_stops_the_answer_under_way_and_calls_a_person_once(
    client: httpx2.AsyncClient, services: Services, company: Company
) -> None:
    page, theirs, key = page_of(company), page_of(company, "u2"), streams.stop_key(company.company_id, "u1")
    for button in ("stop", "request-human"):
        problem(await press(client, page, button), 404, "not_found")
    task = (await say(client, page, mode="async")).json()
    problem(await press(client, theirs, "stop", task["conversation_id"]), 404, "not_found")
    assert await services.redis.get(key) is None
    for named in ("active", task["conversation_id"].upper()):
        stopped = (await press(client, page, "stop", named)).json()
        assert (stopped["task_id"], stopped["friendly_task_id"]) == (task["task_id"], task["friendly_task_id"])
    assert await services.redis.get(key) == task["task_id"].encode()
    async with answering(services):
        await eventually(lambda: ended(client, page, task["task_id"]))
        assert (await press(client, page, "stop")).json()["task_id"] is None
    problem(await press(client, theirs, "request-human", task["conversation_id"]), 404, "not_found")
    once = {**page, "Idempotency-Key": "k"}
    called = [(await press(client, each, "request-human")).json() for each in (once, once, page)]
    assert called[0] == called[1] == called[2]
    async with services.database.transaction(company.company_id) as connection:
        turn = await conversation_turns.get(connection, company.company_id, called[0]["task_id"])
        assert turn is not None
        assert turn.request == "human"
        address = (connection, company.company_id, task["conversation_id"])
        await conversations.set_handled_by(*address, HandledBy.HUMAN, datetime.now(UTC))
    assert (await press(client, page, "request-human")).json()["task_id"] is None
    async with services.database.transaction(company.company_id) as connection:
        await conversations.close(connection, *address[1:], "completed", datetime.now(UTC))
    problem(await press(client, page, "request-human", task["conversation_id"]), 409, "conversation_ended")


async def test_the_companys_server_presses_buttons_for_its_users(
    client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    task = (await say(client, headers, user_id="u7", mode="async")).json()
    problem(await press(client, headers, "stop"), 422, "invalid_request")
    stopped = await client.post("/api/v1/conversation/active/stop", json={"user_id": "u7"}, headers=headers)
    assert stopped.json()["task_id"] == task["task_id"]


async def ended(client: httpx2.AsyncClient, headers: dict[str, str], task_id: str) -> bool:
    return bool((await client.get(TASK.format(task_id), headers=headers)).json()["status"] == "done")


@pytest.mark.parametrize(
    ("outcome", "error", "status", "code"),
    [
        ("budget_exhausted", "budget_exhausted", "done", "budget_exhausted"),
        ("provider_failed", "provider_timeout", "done", "provider_timeout"),
        ("handed_over", "budget_exhausted", "done", "budget_exhausted"),
        ("failed", "KeyError('secret')", "failed", "internal_error"),
        ("failed", "tool_broken", "failed", "tool_broken"),
    ],
)
async def test_failures_are_told_in_the_answer_and_by_the_task(
    client: httpx2.AsyncClient,
    headers: dict[str, str],
    services: Services,
    outcome: str,
    error: str,
    status: str,
    code: str,
) -> None:
    begun = await start(client, headers)
    async with answering(services, outcome=outcome, failing=error):
        answer = await say(client, headers, begun["conversation_id"])
    body = answer.json()
    assert (answer.status_code, body["error"]["code"]) == (200, code)
    assert (body["message"] is None) == (status == "failed")
    task = (await client.get(TASK.format(body["task_id"]), headers=headers)).json()
    assert (task["status"], task["error"]["code"], task["result"]["error"]["code"]) == (status, code, code)
    assert "secret" not in answer.text


async def test_any_number_may_wait_for_one_turn(services: Services) -> None:
    key = streams.turn_ended_key("t1")
    waiting = [asyncio.create_task(services.desk.wait("t1", 5)) for _ in range(20)]
    await asyncio.sleep(0.1)
    await services.redis.lpush(key, b"1")
    await services.redis.expire(key, 60)
    assert await asyncio.gather(*waiting) == [True] * 20
    assert await services.desk.wait("t1", 1) is True
    assert 0 < await services.redis.ttl(key) <= 60
    assert await services.desk.wait("t2", 0.05) is False
    assert await services.desk.wait("t1", 0) is False
