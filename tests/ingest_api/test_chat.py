"""The chat's session, history and thumbs over HTTP: tokens that rotate and end, and nobody else's words."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import httpx2
import pytest

from core.config import OfficeHours
from core.ids import new_id
from core.security import UserClaims, issue_user_token, verify_user_token
from db import conversations, users
from ingest_api import chat_sessions
from ingest_api.wiring import Services
from local.installation import Company
from tests.ingest_api.answering import answering
from tests.ingest_api.test_conversation import page_of, say, start
from tests.ingest_api.test_events import problem
from tests.ingest_api.test_inbox import open_ticket

SESSION = "/api/v1/support/chat/session"
HISTORY = "/api/v1/support/chat/history"
FEEDBACK = "/api/v1/support/chat/messages/{}/feedback"
NOW = datetime.now(UTC)


@pytest.fixture
def headers(company: Company) -> dict[str, str]:
    return {"X-API-Key": company.secret_key}


async def open_chat(client: httpx2.AsyncClient, headers: dict[str, str], **body: Any) -> dict[str, Any]:
    answer = await client.post(SESSION, json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def bearer(session: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {session['token']}"}


async def test_a_session_without_a_conversation_says_what_to_open_with(
    client: httpx2.AsyncClient, company: Company
) -> None:
    session = await open_chat(client, page_of(company), language="en-US", surprise=1)
    assert (session["conversation"], session["messages"], session["next_cursor"]) == (None, [], None)
    assert (session["user_id"], session["playbook"], session["language"]) == ("u1", "support", "en")
    assert (session["person_available"], session["expected_minutes"]) == (True, 30)
    assert session["greeting"]
    claims = verify_user_token(session["token"], (company.identity_secret,), company.company_id, datetime.now(UTC))
    assert (claims.user_id, claims.session_id) == ("u1", session["session_id"])
    life = datetime.fromisoformat(session["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=14) < life <= timedelta(minutes=15)
    assert (await open_chat(client, page_of(company), language="", playbook="sales"))["playbook"] == "sales"
    french = await open_chat(client, page_of(company), language="fr")
    assert (french["language"], french["greeting"]) == ("en", session["greeting"])


@pytest.mark.parametrize(
    ("wish", "suggested"),
    [
        ({}, ["How much is it?"]),
        ({"page_url": "https://app.example/contacts/new?name=Mia#x"}, ["How do I add one?", "How much is it?"]),
        ({"page_url": "/contacts", "language": "ar-EG"}, ["كيف أضيف جهة؟", "How much is it?"]),
        ({"page_url": "/contactsheet"}, ["How much is it?"]),
        ({"page_url": "http://[", "language": "en"}, ["How much is it?"]),
        ({"page_url": 7}, ["How much is it?"]),
        ({"page_url": "/" * 5000}, ["How much is it?"]),
        ({"playbook": "sales"}, []),
    ],
)
async def test_questions_to_begin_with_are_the_playbooks_those_of_the_page_first(
    client: httpx2.AsyncClient, headers: dict[str, str], company: Company, wish: dict[str, Any], suggested: list[str]
) -> None:
    own = (await client.get("/api/v1/playbooks/support", headers=headers)).json()["definition"]
    suggestions = [
        {"text": {"en": "How much is it?"}},
        {"text": {"en": "How do I add one?", "ar": "كيف أضيف جهة؟"}, "page": "/contacts"},
    ]
    stored = await client.post("/api/v1/playbooks", json={**own, "suggestions": suggestions}, headers=headers)
    assert stored.status_code == 201, stored.text
    assert (await open_chat(client, page_of(company), **wish))["suggestions"] == suggested


async def test_where_the_page_says_nothing_it_is_the_one_where_the_user_was_seen_last(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company
) -> None:
    own = (await client.get("/api/v1/playbooks/support", headers=headers)).json()["definition"]
    suggestions = [{"text": {"en": f"Of {page}?"}, "page": page} for page in ("/a", "/b")]
    await client.post("/api/v1/playbooks", json={**own, "suggestions": suggestions}, headers=headers)
    now, page = datetime.now(UTC), "https://app.example/a/new?q=1"
    async with services.database.transaction(company.company_id) as connection:
        await users.touch(connection, [users.Seen(company.company_id, "u1", "s1", now, page)])
        await users.touch(connection, [users.Seen(company.company_id, "u2", "s2", now - timedelta(hours=1), page)])
    assert (await open_chat(client, page_of(company)))["suggestions"] == ["Of /a?"]
    assert (await open_chat(client, page_of(company), page_url="/b"))["suggestions"] == ["Of /b?"]
    assert (await open_chat(client, page_of(company, "u2")))["suggestions"] == []


async def test_it_opens_with_the_active_conversation_its_messages_and_its_ticket(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company
) -> None:
    begun = await start(client, headers, playbook="support", conversation_type=None)
    async with answering(services):
        for text in ("one", "two"):
            await say(client, headers, begun["conversation_id"], text)
    ticket_id = await open_ticket(services, company, begun["conversation_id"])
    session = await open_chat(client, page_of(company))
    shown = session["conversation"]
    assert (shown["conversation_id"], shown["handled_by"], shown["ticket_id"]) == (
        begun["conversation_id"], "queue", ticket_id,
    )  # fmt: skip
    assert shown["expected_by"] is not None
    assert shown["may_cancel"] is True
    assert [message["position"] for message in session["messages"]] == [1, 2, 3, 4]
    assert [message["role"] for message in session["messages"]] == ["user", "assistant"] * 2
    assert session["next_cursor"] is None
    assert (await open_chat(client, page_of(company, "u2")))["conversation"] is None
    problem(
        await client.post(SESSION, json={"conversation_id": begun["conversation_id"]}, headers=page_of(company, "u2")),
        404,
        "not_found",
    )
    problem(await client.post(SESSION, json={"conversation_id": "x"}, headers=page_of(company)), 404, "not_found")


async def test_a_conversation_that_ended_lately_is_still_shown_and_history_goes_on_before_it(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company
) -> None:
    for text in ("first", "second"):
        begun = await start(client, headers)
        async with answering(services):
            await say(client, headers, begun["conversation_id"], text)
        await client.post(f"/api/v1/conversations/{begun['conversation_id']}/close", headers=headers)
    session = await open_chat(client, page_of(company))
    assert (session["conversation"]["conversation_id"], session["conversation"]["state"]) == (
        begun["conversation_id"], "COMPLETED",
    )  # fmt: skip
    assert [message["text"] for message in session["messages"]] == ["second", "You said: second"]

    older = await client.get(f"{HISTORY}?before={session['next_cursor']}", headers=bearer(session))
    assert [message["text"] for message in older.json()["items"]] == ["first", "You said: first"]
    assert older.json()["next_cursor"] is None
    one = (await client.get(f"{HISTORY}?limit=3", headers=bearer(session))).json()
    rest = (await client.get(f"{HISTORY}?limit=3&cursor={one['next_cursor']}", headers=bearer(session))).json()
    texts = [message["text"] for message in rest["items"] + one["items"]]
    assert texts == ["first", "You said: first", "second", "You said: second"]
    problem(await client.get(f"{HISTORY}?before=nonsense", headers=bearer(session)), 422, "invalid_request")

    async with services.database.transaction(company.company_id) as connection:
        await connection.execute("UPDATE conversations SET closed_at = %s", (datetime.now(UTC) - timedelta(days=2),))
    assert (await open_chat(client, page_of(company)))["conversation"] is None
    named = await open_chat(client, page_of(company), conversation_id=begun["conversation_id"])
    assert named["conversation"]["conversation_id"] == begun["conversation_id"]


async def test_history_holds_nothing_of_others_and_no_notes(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company, other_company: Company
) -> None:
    begun = await start(client, headers)
    async with answering(services):
        await say(client, headers, begun["conversation_id"], "mine")
    async with services.database.transaction(company.company_id) as connection:
        await connection.execute("UPDATE messages SET role = 'system' WHERE role = 'assistant'")
    mine = await client.get(HISTORY, headers=bearer(await open_chat(client, page_of(company))))
    assert [message["text"] for message in mine.json()["items"]] == ["mine"]
    for stranger in (page_of(company, "u2"), page_of(other_company)):
        assert (await client.get(HISTORY, headers=stranger)).json()["items"] == []
    mixed = {**page_of(company), "X-API-Key": other_company.public_key}
    for method, path in (("GET", HISTORY), ("POST", SESSION)):
        answer = await client.request(method, path, headers=mixed)
        assert answer.status_code in (401, 403), answer.text


async def test_a_token_is_renewed_while_it_is_good_and_not_after(client: httpx2.AsyncClient, company: Company) -> None:
    first = await open_chat(client, page_of(company))
    renewed = await open_chat(client, bearer(first))
    assert (renewed["session_id"], renewed["user_id"]) == (first["session_id"], "u1")
    again = await open_chat(client, {"X-API-Key": company.public_key, "X-User-Token": renewed["token"]})
    assert again["session_id"] == first["session_id"]
    other = await open_chat(client, page_of(company))
    assert other["session_id"] != first["session_id"]

    past = datetime.now(UTC) - timedelta(hours=2)
    old, _ = issue_user_token(company.identity_secret, company.company_id, "u1", past, session_id=new_id())
    for method, path in (("POST", SESSION), ("GET", HISTORY)):
        for form in ({"Authorization": f"Bearer {old}"}, {"X-User-Token": old, "X-API-Key": company.public_key}):
            problem(await client.request(method, path, headers=form), 401, "token_expired")


@pytest.mark.parametrize("path", [SESSION, FEEDBACK.format("0193a5b0-0000-7000-8000-000000000001"), HISTORY])
async def test_without_a_good_token_there_is_no_chat(client: httpx2.AsyncClient, company: Company, path: str) -> None:
    method = "GET" if path == HISTORY else "POST"
    forged, _ = issue_user_token("x" * 48, company.company_id, "u1", NOW)
    nowhere, _ = issue_user_token("x" * 48, "not-a-company", "u1", NOW)
    unknown, _ = issue_user_token("x" * 48, new_id(), "u1", NOW)
    for headers in (
        {},
        {"X-API-Key": company.public_key},
        {"X-API-Key": company.secret_key},
        {"X-User-Token": "nonsense"},
        {"X-User-Token": forged},
        {"X-User-Token": nowhere},
        {"Authorization": f"Bearer {unknown}"},
        {"X-API-Key": "pk_wrong", "X-User-Token": forged},
    ):
        problem(await client.request(method, path, json={"rating": "up"}, headers=headers), 401, "unauthenticated")


async def test_origins_hold_where_the_key_comes_along(
    client: httpx2.AsyncClient, headers: dict[str, str], company: Company
) -> None:
    await client.post("/api/v1/config", json={"allowed_origins": ["https://app.example"]}, headers=headers)
    page = page_of(company)
    refused = await client.post(SESSION, headers={**page, "Origin": "https://evil.example"})
    problem(refused, 403, "origin_refused")
    allowed = await client.post(SESSION, headers={**page, "Origin": "https://app.example"})
    assert allowed.status_code == 201


async def test_an_anonymous_visitor_stays_one(client: httpx2.AsyncClient, company: Company) -> None:
    answer = await client.post("/api/v1/anonymous-tokens", headers={"X-API-Key": company.public_key})
    session = await open_chat(client, {"X-API-Key": company.public_key, "X-User-Token": answer.json()["token"]})
    claims = verify_user_token(session["token"], (company.identity_secret,), company.company_id, datetime.now(UTC))
    assert claims.anonymous
    assert session["user_id"] == answer.json()["user_id"]


async def test_office_hours_and_switches_are_told(
    client: httpx2.AsyncClient, headers: dict[str, str], company: Company
) -> None:
    today = datetime.now(UTC).isoweekday()
    closed = OfficeHours(days=((today + 2) % 7 + 1,), start=time(9), end=time(17)).model_dump(mode="json")
    rules: dict[str, Any] = {"handoff": {"office_hours": [closed]}}
    await client.post("/api/v1/config", json={"conversations": rules}, headers=headers)
    session = await open_chat(client, page_of(company))
    assert session["person_available"] is False
    assert session["expected_minutes"] > 24 * 60
    await client.post("/api/v1/config", json={"conversations": {"enabled": False}}, headers=headers)
    problem(await client.post(SESSION, headers=page_of(company)), 403, "conversations_unavailable")


async def test_who_talks_to_a_person_has_a_chat_although_conversations_are_switched_off(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company
) -> None:
    begun = await start(client, headers)
    await open_ticket(services, company, begun["conversation_id"])
    await client.post("/api/v1/config", json={"conversations": {"enabled": False}}, headers=headers)
    path = f"/api/v1/conversations/{begun['conversation_id']}"
    for who in ("queue", "human"):
        assert (await open_chat(client, page_of(company)))["conversation"]["handled_by"] == who
        await client.post(f"{path}/takeover", headers=headers)
    await client.post(f"{path}/close", headers=headers)
    problem(await client.post(SESSION, headers=page_of(company)), 403, "conversations_unavailable")


async def test_thumbs_are_for_answers_of_ones_own(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company
) -> None:
    begun = await start(client, headers)
    async with answering(services):
        result = (await say(client, headers, begun["conversation_id"])).json()
    session = bearer(await open_chat(client, page_of(company)))
    path = FEEDBACK.format(result["message"]["message_id"])
    for rating in ("down", "up", "up"):
        answer = await client.post(path, json={"rating": rating}, headers=session)
        assert answer.json() == {"message_id": result["message"]["message_id"], "rating": rating}
    shown = (await client.get(HISTORY, headers=session)).json()["items"]
    assert [message["rating"] for message in shown] == [None, "up"]
    problem(await client.post(path, json={"rating": "down"}, headers=page_of(company, "u2")), 404, "not_found")
    own = FEEDBACK.format(result["user_message_id"])
    problem(await client.post(own, json={"rating": "up"}, headers=session), 404, "not_found")
    problem(await client.post(path, json={"rating": "great"}, headers=session), 422, "invalid_request")
    problem(await client.post(FEEDBACK.format("x"), json={"rating": "up"}, headers=session), 422, "invalid_request")


# -- tokens, pure


def claims(session_id: str | None = None) -> UserClaims:
    return UserClaims("u1", "c1", NOW + timedelta(minutes=5), session_id=session_id)


def test_a_session_lasts_half_a_day_however_often_it_is_renewed() -> None:
    begun = chat_sessions.issue("s" * 48, claims(), timedelta(minutes=15), NOW)
    late = NOW + chat_sessions.LONGEST - timedelta(minutes=5)
    last = chat_sessions.issue("s" * 48, claims(begun.session_id), timedelta(minutes=15), late)
    assert last.session_id == begun.session_id
    assert abs(last.expires_at - (NOW + chat_sessions.LONGEST)) < timedelta(seconds=1)
    with pytest.raises(chat_sessions.TokenExpired):
        chat_sessions.issue("s" * 48, claims(begun.session_id), timedelta(minutes=15), NOW + chat_sessions.LONGEST)


@pytest.mark.parametrize("session_id", [None, "", "oidc-session", "6f1d2d0e-0f0b-5d8e-9c57-0c9a3c1c7b11"])
def test_what_another_one_calls_a_session_is_none_of_ours(session_id: str | None) -> None:
    issued = chat_sessions.issue("s" * 48, claims(session_id), timedelta(minutes=15), NOW)
    assert issued.session_id != session_id
    begun = chat_sessions.session_start(issued.session_id)
    assert begun is not None
    assert abs(begun - NOW) < timedelta(seconds=1)


async def test_a_conversation_whose_playbook_is_gone_goes_on_under_the_usual_one(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company
) -> None:
    begun = await start(client, headers)
    async with services.database.transaction(company.company_id) as connection:
        await connection.execute("UPDATE conversations SET playbook = 'gone'")
        assert await conversations.get(connection, company.company_id, begun["conversation_id"])
    session = await open_chat(client, page_of(company))
    assert session["conversation"]["playbook"] == "gone"
    resumed = await start(client, headers, resume_existing=True)
    assert resumed["conversation_id"] == begun["conversation_id"]
