"""The routes beside events: configuration, baselines, queues, keys, tokens, logging in, and what runs the service."""

import asyncio
import gzip
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from core.security import issue_user_token
from core.streams import NOTIFICATIONS, decode_notification
from db import admins, wishes
from ingest_api.admin_tokens import Person
from ingest_api.routes import sdk
from ingest_api.wiring import Services
from local.installation import Company
from tests.ingest_api.conftest import HASH, PASSWORD, add_person, stored
from tests.ingest_api.test_access import STEPS, furnish
from tests.ingest_api.test_events import problem


@pytest.fixture
def headers(company: Company) -> dict[str, str]:
    return {"X-API-Key": company.secret_key}


# -- configuration


async def test_a_new_company_has_the_defaults_at_version_0(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    answer = await client.get("/api/v1/config", headers=headers)
    assert answer.json()["version"] == 0
    assert answer.headers["etag"] == '"0"'
    assert answer.json()["config"]["restraint"]["max_per_day"] == 5


async def test_a_patch_changes_what_it_names_and_null_restores_the_default(
    client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    first = {"tone": {"product_name": "Acme CRM"}, "restraint": {"max_per_day": 2, "min_gap_seconds": 5}}
    answer = await client.post("/api/v1/config", json=first, headers=headers)
    assert (answer.status_code, answer.json()["version"], answer.headers["etag"]) == (200, 1, '"1"')

    answer = await client.post("/api/v1/config", json={"restraint": {"max_per_day": None}}, headers=headers)

    config = answer.json()["config"]
    assert (config["restraint"]["max_per_day"], config["restraint"]["min_gap_seconds"]) == (5, 5)
    assert config["tone"]["product_name"] == "Acme CRM"
    assert (await client.get("/api/v1/config", headers=headers)).json() == answer.json()


async def test_if_match_guards_against_a_lost_change(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    patch = {"confidence_threshold": 0.7}
    assert (await client.post("/api/v1/config", json=patch, headers={**headers, "If-Match": '"0"'})).status_code == 200
    stale = await client.post("/api/v1/config", json=patch, headers={**headers, "If-Match": '"0"'})
    problem(stale, 409, "version_conflict")
    senseless = await client.post("/api/v1/config", json=patch, headers={**headers, "If-Match": "latest"})
    problem(senseless, 422, "invalid_request")
    anything = await client.post("/api/v1/config", json=patch, headers={**headers, "If-Match": "*"})
    assert anything.json()["version"] == 2


async def test_what_was_read_may_be_sent_back_and_its_version_counts(
    client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    document = (await client.get("/api/v1/config", headers=headers)).json()
    document["config"]["restraint"]["kill_switch"] = True

    changed = await client.post("/api/v1/config", json=document, headers=headers)
    assert changed.status_code == 200
    assert changed.json() == {"version": 1, "config": document["config"]}
    problem(await client.post("/api/v1/config", json=document, headers=headers), 409, "version_conflict")
    bare = {"config": {"confidence_threshold": 0.7}}
    assert (await client.post("/api/v1/config", json=bare, headers=headers)).json()["version"] == 2
    for wrong in ({"config": {}, "version": "1"}, {"config": {}, "version": True}, {"config": {}, "more": 1}):
        problem(await client.post("/api/v1/config", json=wrong, headers=headers), 422, "invalid_request")


async def test_changes_at_the_same_time_are_all_kept(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    patches = [{"flags": {f"flag{n}": True}} for n in range(4)]
    answers = await asyncio.gather(*(client.post("/api/v1/config", json=p, headers=headers) for p in patches))
    assert sorted(answer.json()["version"] for answer in answers) == [1, 2, 3, 4]
    config = (await client.get("/api/v1/config", headers=headers)).json()["config"]
    assert set(config["flags"]) == {"flag0", "flag1", "flag2", "flag3"}


@pytest.mark.parametrize(
    "patch",
    [
        {"confidence_threshold": 2},
        {"confidence_threshold": "high"},
        {"unknown": 1},
        {"restraint": {"quiet_hours": {"start": "25:00", "end": "07:00"}}},
        {"escalation": {"webhook_url": "ftp://x"}},
        {"allowed_origins": ["app.example"]},
        {"tone": {"product_name": "a\u0000b"}},
        {"tone": None, "restraint": 7},
    ],
)
async def test_a_wrong_configuration_changes_nothing(
    client: httpx2.AsyncClient, headers: dict[str, str], patch: dict[str, Any]
) -> None:
    problem(await client.post("/api/v1/config", json=patch, headers=headers), 422, "invalid_request")
    assert (await client.get("/api/v1/config", headers=headers)).json()["version"] == 0


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"null", b"{", b'{"a": ' * 3000])
async def test_a_body_that_is_no_document_is_422(
    client: httpx2.AsyncClient, headers: dict[str, str], body: bytes
) -> None:
    json = {**headers, "Content-Type": "application/json"}
    problem(await client.post("/api/v1/config", content=body, headers=json), 422, "invalid_request")


async def test_a_body_too_large_is_413_on_every_route(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    async def endless() -> Any:
        for _ in range(40):
            yield b" " * 65_536

    for content in (b" " * 600_000, endless()):
        answer = await client.post("/api/v1/config", content=content, headers=headers)
        problem(answer, 413, "body_too_large")


async def test_history_and_audit_tell_who_changed_what_without_secrets(
    client: httpx2.AsyncClient, services: Services, company: Company, headers: dict[str, str]
) -> None:
    hook = "https://hooks.slack.example/services/T0/B0/verysecretpart"
    await client.post("/api/v1/config", json={"escalation": {"slack_webhook_url": hook}}, headers=headers)
    await client.post("/api/v1/config", json={"restraint": {"kill_switch": True}}, headers=headers)

    history = (await client.get("/api/v1/config/history?limit=1", headers=headers)).json()
    assert history["items"][0]["version"] == 2
    assert history["items"][0]["created_by"].startswith("key:")
    rest = (await client.get(f"/api/v1/config/history?cursor={history['next_cursor']}", headers=headers)).json()
    assert [item["version"] for item in rest["items"]] == [1]
    log = await client.get("/api/v1/audit-log", headers=headers)
    assert log.json()["items"][0]["detail"]["changes"] == [
        {"path": "restraint.kill_switch", "before": False, "after": True}
    ]
    _, token = await add_person(services, company.company_id, "viewer")
    seen = await client.get("/api/v1/config", headers={"Authorization": f"Bearer {token}"})
    for text in (str(history), str(rest), log.text, seen.text):
        assert "verysecretpart" not in text
    assert "verysecretpart" in (await client.get("/api/v1/config", headers=headers)).text


# -- idempotent writes


async def test_a_repeated_write_happens_once(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    keyed = {**headers, "Idempotency-Key": "k-1"}
    answers = await asyncio.gather(*(client.post("/api/v1/baselines", json=STEPS, headers=keyed) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 3
    assert len((await client.get("/api/v1/baselines", headers=headers)).json()["items"]) == 1


async def test_a_key_of_another_request_is_409_and_a_failure_frees_it(
    client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    keyed = {**headers, "Idempotency-Key": "k-2"}
    wrong = {**STEPS, "steps": STEPS["steps"] * 2}
    problem(await client.post("/api/v1/baselines", json=wrong, headers=keyed), 422, "invalid_request")
    bad = await client.post("/api/v1/config", json={"confidence_threshold": 9}, headers=keyed)
    problem(bad, 422, "invalid_request")
    assert (await client.post("/api/v1/baselines", json=STEPS, headers=keyed)).status_code == 201
    other = {**STEPS, "name": "Another"}
    problem(await client.post("/api/v1/baselines", json=other, headers=keyed), 409, "idempotency_conflict")
    for senseless in ("", "x" * 256, "with space"):
        answer = await client.post("/api/v1/baselines", json=STEPS, headers={**headers, "Idempotency-Key": senseless})
        problem(answer, 422, "invalid_request")


async def test_a_repeated_key_creation_does_not_show_the_key_again(
    client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    keyed = {**headers, "Idempotency-Key": "k-3"}
    first = (await client.post("/api/v1/api-keys", json={"kind": "secret", "label": "ci"}, headers=keyed)).json()
    second = (await client.post("/api/v1/api-keys", json={"kind": "secret", "label": "ci"}, headers=keyed)).json()
    assert first.pop("key").startswith("sk_")
    assert second == first
    listed = await client.get("/api/v1/api-keys", headers=headers)
    assert [item["label"] for item in listed.json()["items"]].count("ci") == 1
    assert "hash" not in listed.text


async def test_revoking_twice_is_404(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    made = (await client.post("/api/v1/api-keys", json={"kind": "public"}, headers=headers)).json()
    path = f"/api/v1/api-keys/{made['key_id']}"
    keyed = {**headers, "Idempotency-Key": "k-4"}
    assert [(await client.delete(path, headers=keyed)).status_code for _ in range(2)] == [204, 204]
    problem(await client.delete(path, headers=headers), 404, "not_found")


# -- baselines, nudges, escalations, notifications


async def test_a_baseline_of_the_same_name_becomes_its_next_version(
    client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    for version in (1, 2):
        answer = await client.post("/api/v1/baselines", json=STEPS, headers=headers)
        assert (answer.status_code, answer.json()["version"], answer.json()["active"]) == (201, version, True)
    items = (await client.get("/api/v1/baselines", headers=headers)).json()["items"]
    assert [(item["version"], item["active"]) for item in items] == [(2, True), (1, False)]


async def test_a_user_id_may_hold_slashes(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    sent = {"event_id": "slash", "user_id": "team/anna", "session_id": "s1", "event_type": "click", "page_url": "/"}
    now = datetime.now(UTC).isoformat()
    body = {"events": [{**sent, "timestamp": now, "properties": {}}]}
    assert (await client.post("/api/v1/events", json=body, headers=headers)).status_code == 202
    for path in ("/api/v1/users/team%2Fanna", "/api/v1/users/team/anna"):
        wished = await client.patch(path, json={"do_not_disturb": True}, headers=headers)
        assert (wished.status_code, wished.json()["user_id"]) == (200, "team/anna")
        assert (await client.get(f"{path}/timeline", headers=headers)).status_code == 200


async def test_the_story_of_a_user_can_be_read(
    client: httpx2.AsyncClient, services: Services, company: Company, headers: dict[str, str]
) -> None:
    victim = await furnish(services, company)
    story = (await client.get(f"/api/v1/users/{victim.user_id}/timeline", headers=headers)).json()
    assert {item["kind"] for item in story["items"]} == {
        "event",
        "turn",
        "message",
        "nudge",
        "escalation",
        "notification",
    }
    events = (await client.get(f"/api/v1/sessions/{victim.session_id}/events", headers=headers)).json()
    assert [item["event_id"] for item in events["items"]] == ["e1"]
    first = (await client.get(f"/api/v1/users/{victim.user_id}/timeline?limit=2", headers=headers)).json()
    cursor = first["next_cursor"]
    rest = (await client.get(f"/api/v1/users/{victim.user_id}/timeline?cursor={cursor}", headers=headers)).json()
    assert [*first["items"], *rest["items"]] == story["items"]
    shown = (await client.get("/api/v1/nudges?status=pending", headers=headers)).json()["items"]
    assert [item["content"]["title"] for item in shown] == ["victim-title"]
    assert (await client.get("/api/v1/nudges?status=clicked", headers=headers)).json()["items"] == []
    counts = (await client.get("/api/v1/analytics/nudges", headers=headers)).json()["items"]
    assert counts == [{"nudge_type": "chat", "status": "pending", "nudges": 1}]


async def test_an_escalation_is_worked_on(
    client: httpx2.AsyncClient, services: Services, company: Company, headers: dict[str, str]
) -> None:
    victim = await furnish(services, company)
    path = f"/api/v1/escalations/{victim.escalation_id}"
    assert (await client.get(path, headers=headers)).json()["status"] == "open"
    change = {"status": "acknowledged", "assigned_to": "kim", "note": "calling"}
    answer = await client.patch(path, json=change, headers=headers)
    assert {key: answer.json()[key] for key in change} == change
    assert (await client.patch(path, json={"status": "resolved"}, headers=headers)).json()["resolved_at"]
    assert (await client.get("/api/v1/escalations?status=open", headers=headers)).json()["items"] == []
    for senseless in ({}, {"status": "gone"}, {"other": 1}):
        problem(await client.patch(path, json=senseless, headers=headers), 422, "invalid_request")
    problem(await client.get("/api/v1/escalations/7", headers=headers), 422, "invalid_request")


async def test_a_notification_is_queued_again(
    client: httpx2.AsyncClient, services: Services, company: Company, headers: dict[str, str]
) -> None:
    victim = await furnish(services, company)
    listed = (await client.get("/api/v1/notifications?status=pending", headers=headers)).json()["items"]
    assert [item["notification_id"] for item in listed] == [victim.notification_id]
    answer = await client.post(f"/api/v1/notifications/{victim.notification_id}/resend", headers=headers)
    assert answer.status_code == 202
    ((_, fields),) = await services.redis.xrange(NOTIFICATIONS)
    assert decode_notification(fields[b"d"])[:2] == (company.company_id, victim.notification_id)


async def test_wishes_hold_for_users_known_and_unknown(
    client: httpx2.AsyncClient, services: Services, company: Company, headers: dict[str, str]
) -> None:
    path = "/api/v1/users/new%20user%2F1"
    answer = await client.patch("/api/v1/users/u7", json={"do_not_disturb": True}, headers=headers)
    assert answer.json() == {"user_id": "u7", "consent": True, "do_not_disturb": True}
    answer = await client.patch("/api/v1/users/u7", json={"consent": False}, headers=headers)
    assert answer.json() == {"user_id": "u7", "consent": False, "do_not_disturb": True}
    async with services.database.transaction(company.company_id) as connection:
        again = await wishes.set_wishes(connection, company.company_id, "u7", datetime.now(UTC))
    assert (again.consent, again.do_not_disturb) == (False, True)
    problem(await client.patch("/api/v1/users/u7", json={}, headers=headers), 422, "invalid_request")
    answer = await client.patch(path, json={"consent": True}, headers=headers)
    assert answer.json() == {"user_id": "new user/1", "consent": True, "do_not_disturb": False}
    problem(await client.patch("/api/v1/users/a%00b", json={"consent": True}, headers=headers), 422, "invalid_request")


async def test_forged_cursors_are_422(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    from db.pages import Position, encode_cursor

    no_uuid = encode_cursor(Position(datetime.now(UTC), 0, "not a uuid"))
    for path in ("nudges", "escalations", "notifications", "audit-log", "config/history"):
        for cursor in ("x", "", "%00", no_uuid):
            answer = await client.get(f"/api/v1/{path}?cursor={cursor}", headers=headers)
            problem(answer, 422, "invalid_request")
        for limit in (0, -1, 10_000, "x"):
            problem(await client.get(f"/api/v1/{path}?limit={limit}", headers=headers), 422, "invalid_request")


async def test_costs_are_added_up_by_day_and_model(
    client: httpx2.AsyncClient, services: Services, company: Company, headers: dict[str, str]
) -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    async with services.database.transaction(company.company_id) as connection:
        for day, model, cents in ((0, "a", 1.5), (0, "a", 2.5), (0, "b", None), (-1, "a", 4)):
            await connection.execute(
                """INSERT INTO ai_interactions (company_id, interaction_id, node, provider, model, prompt_version,
                   status, tokens_in, tokens_out, cost_cents, created_at)
                   VALUES (%s, gen_random_uuid(), 'diagnose', 'openai', %s, '1',
                   'done', 10, 5, %s, %s)""",
                (company.company_id, model, cents, now + timedelta(days=day)),
            )
    answer = await client.get(
        "/api/v1/analytics/costs?since=2026-02-01T00:00:00Z&until=2026-03-02T00:00:00Z", headers=headers
    )
    rows = [
        (row["day"], row["model"], row["calls"], row["unpriced"], row["cost_cents"]) for row in answer.json()["items"]
    ]
    assert rows == [("2026-03-01", "a", 2, 0, 4.0), ("2026-03-01", "b", 1, 1, 0.0), ("2026-02-28", "a", 1, 0, 4.0)]


@pytest.mark.parametrize(
    "period",
    [
        "since=2026-01-01T00:00:00",
        "since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z",
        "since=2020-01-01T00:00:00Z&until=2026-01-01T00:00:00Z",
        "until=0001-01-01T00:00:00Z",
        "until=0001-01-01T00:00:00%2B14:00",
    ],
)
async def test_a_senseless_period_is_422(client: httpx2.AsyncClient, headers: dict[str, str], period: str) -> None:
    problem(await client.get(f"/api/v1/analytics/costs?{period}", headers=headers), 422, "invalid_request")


# -- tokens of users


async def test_a_minted_token_speaks_for_its_user(
    client: httpx2.AsyncClient, company: Company, headers: dict[str, str]
) -> None:
    made = (await client.post("/api/v1/user-tokens", json={"user_id": "u1", "ttl_seconds": 60}, headers=headers)).json()
    assert datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC) < timedelta(seconds=61)
    sent = {"X-API-Key": company.public_key, "X-User-Token": made["token"]}
    event = {
        "event_id": "e", "user_id": "u1", "session_id": "s", "event_type": "click", "timestamp": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    assert (await client.post("/api/v1/events", json={"events": [event]}, headers=sent)).status_code == 202
    for senseless in ({}, {"user_id": ""}, {"user_id": "u", "ttl_seconds": 7200}, {"user_id": "a\u0000"}):
        problem(await client.post("/api/v1/user-tokens", json=senseless, headers=headers), 422, "invalid_request")


async def test_an_anonymous_visitor_goes_on_and_is_identified(
    client: httpx2.AsyncClient, services: Services, company: Company, headers: dict[str, str]
) -> None:
    public = {"X-API-Key": company.public_key}
    visitor = (await client.post("/api/v1/anonymous-tokens", headers=public)).json()
    assert visitor["user_id"].startswith("anon_")
    held = {"user_id": visitor["user_id"], "token": visitor["token"]}
    renewed = (await client.post("/api/v1/anonymous-tokens", json=held, headers=public)).json()
    assert renewed["user_id"] == visitor["user_id"]
    user = (await client.post("/api/v1/user-tokens", json={"user_id": "u1"}, headers=headers)).json()

    both = {"user_token": user["token"], "anonymous_token": renewed["token"]}
    answer = await client.post("/api/v1/identify", json=both, headers=public)

    assert answer.status_code == 202
    (merged,) = await stored(services)
    assert (merged.event_type, merged.user_id) == ("user_merged", "u1")
    assert merged.properties == {"anonymous_id": visitor["user_id"]}
    swapped = {"user_token": renewed["token"], "anonymous_token": user["token"]}
    problem(await client.post("/api/v1/identify", json=swapped, headers=public), 401, "unauthenticated")


async def test_only_ones_own_anonymous_token_is_renewed_and_not_for_ever(
    client: httpx2.AsyncClient, company: Company, other_company: Company
) -> None:
    public = {"X-API-Key": company.public_key}

    def signed(ago: timedelta, *, of: Company = company, anonymous: bool = True, secret: str | None = None) -> str:
        moment = datetime.now(UTC) - ago
        return issue_user_token(secret or of.identity_secret, of.company_id, "anon_1", moment, anonymous=anonymous)[0]

    old = {"token": signed(timedelta(days=10))}
    assert (await client.post("/api/v1/anonymous-tokens", json=old, headers=public)).json()["user_id"] == "anon_1"
    for token, status, code in (
        (signed(timedelta(days=40)), 401, "token_expired"),
        (signed(timedelta(0), of=other_company), 401, "unauthenticated"),
        (signed(timedelta(0), secret="ids_" + "x" * 40), 401, "unauthenticated"),
        (signed(timedelta(0), anonymous=False), 403, "forbidden"),
        ("nonsense", 401, "unauthenticated"),
    ):
        answer = await client.post("/api/v1/anonymous-tokens", json={"token": token}, headers=public)
        problem(answer, status, code)
    other = {"user_id": "anon_2", "token": signed(timedelta(0))}
    problem(await client.post("/api/v1/anonymous-tokens", json=other, headers=public), 403, "forbidden")


# -- logging in


async def log_in(client: httpx2.AsyncClient, email: str, password: str) -> httpx2.Response:
    return await client.post("/api/v1/auth/token", data={"username": email, "password": password})


async def test_a_person_logs_in_and_stays_logged_in(client: httpx2.AsyncClient, company: Company) -> None:
    tokens = (await log_in(client, company.admin_email.upper(), company.admin_password)).json()
    me = await client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert (me.json()["email"], me.json()["role"]) == (company.admin_email, "owner")

    renewed = await client.post("/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})

    assert renewed.json()["refresh_token"] != tokens["refresh_token"]
    me = await client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {renewed.json()['access_token']}"})
    assert me.json()["company_id"] == company.company_id


async def test_a_refresh_token_that_comes_back_ends_its_family(client: httpx2.AsyncClient, company: Company) -> None:
    first = (await log_in(client, company.admin_email, company.admin_password)).json()["refresh_token"]
    second = (await client.post("/api/v1/auth/refresh", json={"refresh_token": first})).json()["refresh_token"]
    for stolen in (first, second):
        answer = await client.post("/api/v1/auth/refresh", json={"refresh_token": stolen})
        problem(answer, 401, "unauthenticated")


async def test_a_refused_login_says_nothing_more(
    client: httpx2.AsyncClient, services: Services, company: Company
) -> None:
    wrong = problem(await log_in(client, company.admin_email, "wrong"), 401, "unauthenticated")
    for email in ("nobody@test.example", "a\0b", "x" * 300):
        unknown = problem(await log_in(client, email, "wrong"), 401, "unauthenticated")
        assert unknown["detail"] == wrong["detail"]
    problem(await client.post("/api/v1/auth/token", data={"username": "x"}), 422, "invalid_request")
    problem(await client.post("/api/v1/auth/refresh", json={"refresh_token": "rt_x"}), 401, "unauthenticated")


async def test_guessing_is_slowed_down(client: httpx2.AsyncClient, company: Company) -> None:
    answers = [await log_in(client, company.admin_email, "guess") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert int(answers[-1].headers["retry-after"]) >= 1
    problem(await log_in(client, company.admin_email, company.admin_password), 429, "rate_limited")


async def test_a_disabled_account_is_out_at_once(
    client: httpx2.AsyncClient, services: Services, company: Company
) -> None:
    now = datetime.now(UTC)
    async with services.database.transaction(company.company_id) as connection:
        admin_id = await admins.create(connection, company.company_id, "gone@test.example", HASH, "admin", now)
    tokens = (await log_in(client, "gone@test.example", PASSWORD)).json()
    async with services.database.transaction(company.company_id) as connection:
        await connection.execute(
            "UPDATE admins SET disabled_at = now() WHERE company_id = %s AND admin_id = %s",
            (company.company_id, admin_id),
        )
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    problem(await client.get("/api/v1/config", headers=bearer), 403, "forbidden")
    refreshed = await client.post("/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    problem(refreshed, 401, "unauthenticated")
    problem(await log_in(client, "gone@test.example", PASSWORD), 401, "unauthenticated")


async def test_an_old_access_token_is_named_as_such(
    client: httpx2.AsyncClient, services: Services, company: Company
) -> None:
    admin_id, _ = await add_person(services, company.company_id, "owner")
    old = services.access_tokens.issue(Person(company.company_id, admin_id), datetime.now(UTC) - timedelta(hours=1))
    problem(await client.get("/api/v1/config", headers={"Authorization": f"Bearer {old}"}), 401, "token_expired")


# -- running it


async def test_health_readiness_and_metrics(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    assert (await client.get("/healthz")).json() == {"status": "ok"}
    ready = (await client.get("/readyz")).json()
    assert ready == {"status": "ready", "checks": {"redis": "ok", "postgresql": "ok"}}
    await client.get("/api/v1/users/jane/timeline", headers=headers)
    await client.get("/nowhere/jane", headers=headers)
    metrics = (await client.get("/metrics")).text
    line = 'oa_http_requests_total{method="GET",route="/api/v1/users/{user_id}/timeline",status="200"} 1.0'
    assert line in metrics
    assert 'route="unmatched",status="404"' in metrics
    assert "jane" not in metrics


async def test_an_unknown_path_is_a_problem(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/nowhere")
    problem(answer, 404, "not_found")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("name", [sdk.NAME, sdk.CHAT, sdk.CHAT_IN_ARABIC])
async def test_the_scripts_are_served_to_any_page(
    client: httpx2.AsyncClient, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    script = tmp_path / name
    monkeypatch.setattr(sdk, "_PACKAGED", tmp_path)
    monkeypatch.setattr(sdk, "_BUILT", tmp_path / "none")
    path = f"/sdk/{name}"
    problem(await client.get(path), 404, "not_found")
    script.write_bytes(b"window.OnboardingAgent = {};" * 50)

    plain = await client.get(path, headers={"Accept-Encoding": "identity"})
    assert plain.content == script.read_bytes()
    assert plain.headers["content-type"].startswith("text/javascript")
    assert plain.headers["cross-origin-resource-policy"] == "cross-origin"
    assert plain.headers["access-control-allow-origin"] == "*"
    assert plain.headers["cache-control"] == "public, max-age=300"
    async with client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as packed:
        raw = b"".join([part async for part in packed.aiter_raw()])
    assert gzip.decompress(raw) == plain.content
    same = await client.get(path, headers={"If-None-Match": plain.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    script.write_bytes(b"window.OnboardingAgent = {next: 1};")
    assert (await client.get(path)).headers["etag"] != plain.headers["etag"]


async def test_requests_of_a_key_are_limited(services: Services, client: httpx2.AsyncClient, company: Company) -> None:
    services.quota._limit = 3
    answers = [await client.get("/api/v1/config", headers={"X-API-Key": company.secret_key}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    problem(answers[-1], 429, "rate_limited")
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
