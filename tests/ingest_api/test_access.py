"""Who reaches what: the table of roles, another company's ids, and that no route is without a case here."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import HttpUrl

from core.config import ConversationRules
from core.conversations import IncomingMessage
from core.events import AcceptedEvent, to_ms
from core.ids import new_id
from core.nudges import Nudge, NudgeType
from core.playbooks import shipped
from core.recommendations import DraftVerdict, Recommendation, recommendation_id
from core.security import issue_user_token
from core.tools import ToolDefinition
from core.turns import Evidence, Signal, SignalKind, Turn
from db import (
    baselines,
    conversation_intake,
    escalations,
    events,
    knowledge_documents,
    knowledge_runs,
    knowledge_sources,
    notifications,
    nudges,
    playbooks,
    profile_facts,
    recommendations,
    tool_calls,
    tools,
    turns,
    users,
)
from db.knowledge_chunks import NewChunk
from db.knowledge_documents import NewDocument
from ingest_api.access import ACCESS, OPEN, Caller, check_access, find_undecided
from ingest_api.app import create_app, routes_of
from ingest_api.middleware import Edge
from ingest_api.wiring import Services
from local.installation import Company
from tests.ingest_api.conftest import add_person

ROLES = ("public", "secret", "owner", "admin", "editor", "approver", "agent", "viewer")
NOW = datetime.now(UTC)
STEPS = {"name": "Path", "steps": [{"key": "connect", "title": "Connect", "url_pattern": "/connect"}]}


def framework(app: Edge) -> FastAPI:
    assert isinstance(app.app, FastAPI)
    return app.app


# What a caller of each role may do, written out a second time on purpose: a slip in the table must fail here.
EXPECTED = {
    ("POST", "/api/v1/events"): "public secret",
    ("POST", "/api/v1/anonymous-tokens"): "public secret",
    ("POST", "/api/v1/identify"): "public secret",
    ("POST", "/api/v1/user-tokens"): "secret",
    ("GET", "/api/v1/config"): "secret owner admin editor approver agent viewer",
    ("POST", "/api/v1/config"): "secret owner admin editor",
    ("GET", "/api/v1/config/history"): "secret owner admin editor approver agent viewer",
    ("GET", "/api/v1/baselines"): "secret owner admin editor approver agent viewer",
    ("POST", "/api/v1/baselines"): "secret owner admin editor",
    ("GET", "/api/v1/nudges"): "secret owner admin editor approver agent viewer",
    ("GET", "/api/v1/sessions/{session_id}/events"): "secret owner admin editor approver agent viewer",
    ("GET", "/api/v1/users/{user_id}/timeline"): "secret owner admin editor approver agent viewer",
    ("GET", "/api/v1/users/{user_id}/export"): "secret owner admin",
    ("PATCH", "/api/v1/users/{user_id}"): "secret owner admin editor agent",
    ("DELETE", "/api/v1/users/{user_id}"): "secret owner admin",
    ("GET", "/api/v1/users/{user_id}/facts"): "secret owner admin editor approver agent viewer",
    ("PUT", "/api/v1/users/{user_id}/facts/consent"): "secret owner admin editor agent",
    ("DELETE", "/api/v1/users/{user_id}/facts"): "secret owner admin editor agent",
    ("DELETE", "/api/v1/users/{user_id}/facts/{name}"): "secret owner admin editor agent",
    ("GET", "/api/v1/escalations"): "secret owner admin editor approver agent viewer",
    ("GET", "/api/v1/escalations/{escalation_id}"): "secret owner admin editor approver agent viewer",
    ("PATCH", "/api/v1/escalations/{escalation_id}"): "secret owner admin editor agent",
    ("GET", "/api/v1/notifications"): "secret owner admin editor approver agent viewer",
    ("POST", "/api/v1/notifications/{notification_id}/resend"): "secret owner admin editor agent",
    ("GET", "/api/v1/knowledge/sources"): "secret owner admin editor approver agent viewer",
    ("POST", "/api/v1/knowledge/sources"): "secret owner admin editor",
    ("GET", "/api/v1/knowledge/sources/{source_id}"): "secret owner admin editor approver agent viewer",
    ("DELETE", "/api/v1/knowledge/sources/{source_id}"): "secret owner admin editor",
    ("GET", "/api/v1/knowledge/sources/{source_id}/documents"): "secret owner admin editor approver agent viewer",
    ("GET", "/api/v1/knowledge/documents/{document_id}/chunks"): "secret owner admin editor approver agent viewer",
    ("POST", "/api/v1/knowledge/sources/{source_id}/ingest"): "secret owner admin editor",
    ("GET", "/api/v1/knowledge/sources/{source_id}/runs"): "secret owner admin editor approver agent viewer",
    ("GET", "/api/v1/knowledge/runs/{run_id}"): "secret owner admin editor approver agent viewer",
    ("POST", "/api/v1/knowledge/runs/{run_id}/cancel"): "secret owner admin editor",
    ("GET", "/api/v1/knowledge/search"): "secret owner admin editor approver agent viewer",
    ("POST", "/api/v1/conversation/start"): "public secret",
    ("POST", "/api/v1/conversation/{conversation_id}/process"): "public secret",
    ("POST", "/api/v1/conversation/{conversation_id}/stop"): "public secret",
    ("POST", "/api/v1/conversation/{conversation_id}/request-human"): "public secret",
    ("POST", "/api/v1/conversation/{conversation_id}/cancel-human"): "public secret",
    (
        "GET",
        "/api/v1/conversation/tasks/{task_id}",
    ): "public secret owner admin editor approver agent viewer",
    ("GET", "/api/v1/conversations"): "secret owner admin editor approver agent viewer",
    ("GET", "/api/v1/conversations/{conversation_id}"): "secret owner admin editor approver agent viewer",
    ("PATCH", "/api/v1/conversations/{conversation_id}"): "secret owner admin editor agent",
    ("GET", "/api/v1/conversations/{conversation_id}/transcript"): "secret owner admin editor agent",
    ("POST", "/api/v1/conversations/{conversation_id}/messages"): "secret owner admin editor agent",
    ("POST", "/api/v1/conversations/{conversation_id}/typing"): "secret owner admin editor agent",
    ("POST", "/api/v1/conversations/{conversation_id}/takeover"): "secret owner admin editor agent",
    ("POST", "/api/v1/conversations/{conversation_id}/handback"): "secret owner admin editor agent",
    ("POST", "/api/v1/conversations/{conversation_id}/close"): "secret owner admin editor agent",
    ("GET", "/api/v1/recommendations"): "secret owner admin editor approver agent viewer",
    ("GET", "/api/v1/recommendations/{recommendation_id}"): "secret owner admin editor approver agent viewer",
    ("GET", "/api/v1/playbooks"): "secret owner admin editor approver agent viewer",
    ("POST", "/api/v1/playbooks"): "secret owner admin editor",
    ("GET", "/api/v1/playbooks/{name}"): "secret owner admin editor approver agent viewer",
    ("DELETE", "/api/v1/playbooks/{name}"): "secret owner admin editor",
    ("GET", "/api/v1/playbooks/{name}/versions"): "secret owner admin editor approver agent viewer",
    ("POST", "/api/v1/playbooks/{name}/versions/{version}/activate"): "secret owner admin editor",
    ("GET", "/api/v1/tools"): "secret owner admin editor approver agent viewer",
    ("POST", "/api/v1/tools"): "secret owner admin",
    ("GET", "/api/v1/tools/{name}"): "secret owner admin editor approver agent viewer",
    ("PATCH", "/api/v1/tools/{name}"): "secret owner admin",
    ("DELETE", "/api/v1/tools/{name}"): "secret owner admin",
    ("GET", "/api/v1/tool-calls"): "secret owner admin editor agent",
    ("GET", "/api/v1/analytics/costs"): "secret owner admin editor approver agent viewer",
    ("GET", "/api/v1/analytics/nudges"): "secret owner admin editor approver agent viewer",
    ("GET", "/api/v1/analytics/conversations"): "secret owner admin editor approver agent viewer",
    ("GET", "/api/v1/api-keys"): "secret owner admin",
    ("POST", "/api/v1/api-keys"): "secret owner admin",
    ("DELETE", "/api/v1/api-keys/{key_id}"): "secret owner admin",
    ("GET", "/api/v1/webhook-secret"): "secret owner",
    ("GET", "/api/v1/audit-log"): "secret owner admin",
    ("GET", "/api/v1/auth/me"): "owner admin editor approver agent viewer",
}


def test_the_table_says_what_is_written_here() -> None:
    assert {route: " ".join(role for role in ROLES if role in allowed) for route, allowed in ACCESS.items()} == EXPECTED


def test_every_route_of_the_app_is_decided_and_every_decision_has_its_route(app: Edge) -> None:
    assert set(routes_of(framework(app))) == set(ACCESS) | OPEN


def test_an_undecided_route_stops_the_start(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(ACCESS, ("GET", "/api/v1/nudges"))
    with pytest.raises(RuntimeError, match="/api/v1/nudges"):
        create_app(services)
    assert find_undecided([("GET", "/healthz"), ("PUT", "/healthz")]) == [("PUT", "/healthz")]


def path_of(template: str) -> str:
    known = {"{session_id}": "s1", "{user_id}": "u1", "{name}": "nothing", "{version}": "1"}
    filled = template
    for part, value in known.items():
        filled = filled.replace(part, value)
    return filled.split("{")[0] + new_id() + filled.split("}")[1] if "{" in filled else filled


async def test_each_role_gets_through_or_a_403_on_each_route(
    client: httpx2.AsyncClient, services: Services, company: Company
) -> None:
    token, _ = issue_user_token(company.identity_secret, company.company_id, "u1", datetime.now(UTC))
    credentials = {
        "public": {"X-API-Key": company.public_key, "X-User-Token": token},
        "secret": {"X-API-Key": company.secret_key},
    }
    for role in ROLES[2:]:
        _, token = await add_person(services, company.company_id, role)
        credentials[role] = {"Authorization": f"Bearer {token}"}

    for (method, template), allowed in EXPECTED.items():
        if template == "/api/v1/events":
            continue  # takes keys alone; see test_events.py
        for role in ROLES:
            answer = await client.request(method, path_of(template), headers=credentials[role])
            if role in allowed.split():
                assert answer.status_code not in (401, 403), (role, method, template, answer.text)
            else:
                assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), (role, method, template)


async def test_no_credential_or_a_bad_one_is_a_401_on_each_route(client: httpx2.AsyncClient) -> None:
    for method, template in EXPECTED:
        for headers in (
            {},
            {"X-API-Key": "sk_wrong"},
            {"Authorization": "Bearer wrong"},
            {"Authorization": "Basic eDp5"},
        ):
            answer = await client.request(method, path_of(template), headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), (method, template, headers)


def test_check_access_names_the_role() -> None:
    with pytest.raises(Exception, match="viewer"):
        check_access(Caller("c", "a", "viewer"), "POST", "/api/v1/config")


# -- isolation


@dataclass
class Victim:
    """Rows of one company, at ids that another one tries."""

    company: Company
    user_id: str = "victim-user"
    session_id: str = "victim-session"
    escalation_id: str = ""
    notification_id: str = ""
    key_id: str = ""
    source_id: str = ""
    document_id: str = ""
    run_id: str = ""
    conversation_id: str = ""
    task_id: str = ""
    recommendation_id: str = ""


async def furnish(services: Services, company: Company) -> Victim:
    """Give a company one row of each kind."""
    victim = Victim(company, escalation_id=new_id(), notification_id=new_id())
    await furnish_knowledge(services, victim)
    await furnish_talk(services, victim)
    seen = to_ms(NOW)
    event = AcceptedEvent(
        company.company_id, "e1", victim.user_id, victim.session_id, "click", None, None, seen, seen, seen, {}, "t" * 32
    )
    evidence = Evidence(event_id="e1", event_type="click", at=NOW)
    signal = Signal(kind=SignalKind.RAGE_CLICK, stuck_point="victim-step", evidence=(evidence,), detected_at=NOW)
    turn = Turn(
        turn_id=new_id(), company_id=company.company_id, user_id=victim.user_id, session_id=victim.session_id,
        signal=signal, created_at=NOW, trace_id="t" * 32,
    )  # fmt: skip
    nudge = Nudge(
        nudge_id=new_id(), nudge_type=NudgeType.CHAT, title="victim-title", body="b", stuck_point="victim-step",
        expires_at=NOW + timedelta(days=1),
    )  # fmt: skip
    async with services.database.transaction(company.company_id) as connection:
        await users.touch(connection, [users.Seen(company.company_id, victim.user_id, victim.session_id, NOW)])
        await events.insert(connection, [event])
        await turns.insert(connection, turn, "done", "nudged", [])
        await nudges.insert(connection, nudge, turn, NOW)
        await escalations.insert(
            connection, company.company_id, escalation_id=victim.escalation_id, turn_id=turn.turn_id,
            user_id=victim.user_id, stuck_point="victim-step", alert={"who": "victim"}, trace_id="t", now=NOW,
        )  # fmt: skip
        await notifications.insert(
            connection, company.company_id, notification_id=victim.notification_id, event="escalation.created",
            channel="webhook", payload={"who": "victim"}, trace_id="t", now=NOW, user_id=victim.user_id,
        )  # fmt: skip
        await baselines.save(connection, company.company_id, baselines.Baseline.model_validate(STEPS), "system", NOW)
    return victim


async def furnish_talk(services: Services, victim: Victim) -> None:
    """Give a company a conversation with a message and its turn, and a playbook and a tool of its own."""
    company_id = victim.company.company_id
    support = shipped()["support"].playbook.model_copy(update={"name": "victim_step"})
    tool = ToolDefinition(name="victim_step", description="d", url=HttpUrl("https://victim.example"))
    async with services.database.transaction(company_id) as connection:
        await playbooks.save(connection, company_id, support, "system", NOW)
        await tools.save(connection, company_id, tool, secret=b"s", actor="system", now=NOW)
        said = IncomingMessage(
            company_id=company_id, user_id=victim.user_id, conversation_id=None, client_message_id="m1",
            text="victim-text", trace_id="t" * 32,
        )  # fmt: skip
        await profile_facts.set_consent(connection, company_id, victim.user_id, NOW, remembers=True)
        assert await profile_facts.set_(connection, company_id, victim.user_id, "victim_step", "victim-text", NOW)
        accepted = await conversation_intake.accept(connection, said, ConversationRules(), NOW)
        assert accepted.turn is not None
        victim.conversation_id, victim.task_id = accepted.conversation_id, accepted.turn.turn_id
        draft = Recommendation(title="victim-title", summary="victim-text", confidence=0.9)
        judged = [(draft, DraftVerdict(passes=True, confidence=0.9))]
        place = (company_id, victim.conversation_id, victim.task_id, victim.user_id)
        await recommendations.insert(connection, *place, judged, NOW)
        victim.recommendation_id = recommendation_id(victim.task_id, 1)
        asked = {"who": "victim-text"}
        call = (new_id(), victim.task_id, victim.conversation_id, victim.user_id, "victim_step", asked)
        await tool_calls.begin(connection, company_id, tool_calls.Call(*call), NOW)


async def furnish_knowledge(services: Services, victim: Victim) -> None:
    """Give a company a published document, and a run that is queued."""
    victim.source_id, victim.document_id, victim.run_id = new_id(), new_id(), new_id()
    place = (victim.company.company_id, victim.source_id)
    chunk = NewChunk(new_id(), ("victim-title",), "victim-text", 3, "en", b"h", "'victim':1", 1)
    document = NewDocument(victim.document_id, "victim-title", b"h", NOW)
    async with services.database.transaction(place[0]) as connection:
        await knowledge_sources.create(
            connection, place[0], source_id=place[1], kind="text", title="victim-title", created_by="system", now=NOW
        )
        await knowledge_documents.stage(connection, *place, 1, document, [chunk])
        await knowledge_sources.publish(connection, *place, 1, NOW)
        await knowledge_runs.queue(
            connection, place[0], run_id=victim.run_id, source_id=place[1], trace_id="t" * 32, now=NOW
        )


Call = Callable[[httpx2.AsyncClient, dict[str, str], Victim], Awaitable[httpx2.Response]]


def get(path: str) -> Call:
    return lambda client, headers, victim: client.get(path.format(**vars(victim)), headers=headers)


def send(method: str, path: str, body: Any = None) -> Call:
    return lambda client, headers, victim: client.request(
        method, path.format(**vars(victim)), json=body, headers=headers
    )


# For every route: how another company would try to reach the victim's rows. `None` marks routes that name no id of
# anybody's: what they answer is compared as a whole.
ATTACKS: dict[tuple[str, str], Call | None] = {
    ("POST", "/api/v1/events"): None,
    ("POST", "/api/v1/anonymous-tokens"): None,
    ("POST", "/api/v1/identify"): None,
    ("POST", "/api/v1/user-tokens"): None,
    ("GET", "/api/v1/config"): get("/api/v1/config"),
    ("POST", "/api/v1/config"): None,
    ("GET", "/api/v1/config/history"): get("/api/v1/config/history"),
    ("GET", "/api/v1/baselines"): get("/api/v1/baselines"),
    ("POST", "/api/v1/baselines"): None,
    ("GET", "/api/v1/nudges"): get("/api/v1/nudges?user_id={user_id}"),
    ("GET", "/api/v1/sessions/{session_id}/events"): get("/api/v1/sessions/{session_id}/events"),
    ("GET", "/api/v1/users/{user_id}/timeline"): get("/api/v1/users/{user_id}/timeline"),
    ("GET", "/api/v1/users/{user_id}/export"): get("/api/v1/users/{user_id}/export"),
    ("PATCH", "/api/v1/users/{user_id}"): send("PATCH", "/api/v1/users/{user_id}", {"do_not_disturb": True}),
    ("DELETE", "/api/v1/users/{user_id}"): send("DELETE", "/api/v1/users/{user_id}"),
    ("GET", "/api/v1/users/{user_id}/facts"): get("/api/v1/users/{user_id}/facts"),
    ("PUT", "/api/v1/users/{user_id}/facts/consent"): send(
        "PUT", "/api/v1/users/{user_id}/facts/consent", {"remembers": False}
    ),
    ("DELETE", "/api/v1/users/{user_id}/facts"): send("DELETE", "/api/v1/users/{user_id}/facts"),
    ("DELETE", "/api/v1/users/{user_id}/facts/{name}"): send("DELETE", "/api/v1/users/{user_id}/facts/victim_step"),
    ("GET", "/api/v1/escalations"): get("/api/v1/escalations?user_id={user_id}"),
    ("GET", "/api/v1/escalations/{escalation_id}"): get("/api/v1/escalations/{escalation_id}"),
    ("PATCH", "/api/v1/escalations/{escalation_id}"): send(
        "PATCH", "/api/v1/escalations/{escalation_id}", {"status": "resolved"}
    ),
    ("GET", "/api/v1/notifications"): get("/api/v1/notifications"),
    ("POST", "/api/v1/notifications/{notification_id}/resend"): send(
        "POST", "/api/v1/notifications/{notification_id}/resend"
    ),
    ("GET", "/api/v1/knowledge/sources"): get("/api/v1/knowledge/sources"),
    ("POST", "/api/v1/knowledge/sources"): None,
    ("GET", "/api/v1/knowledge/sources/{source_id}"): get("/api/v1/knowledge/sources/{source_id}"),
    ("DELETE", "/api/v1/knowledge/sources/{source_id}"): send("DELETE", "/api/v1/knowledge/sources/{source_id}"),
    ("GET", "/api/v1/knowledge/sources/{source_id}/documents"): get("/api/v1/knowledge/sources/{source_id}/documents"),
    ("GET", "/api/v1/knowledge/documents/{document_id}/chunks"): get(
        "/api/v1/knowledge/documents/{document_id}/chunks"
    ),
    ("POST", "/api/v1/knowledge/sources/{source_id}/ingest"): send(
        "POST", "/api/v1/knowledge/sources/{source_id}/ingest"
    ),
    ("GET", "/api/v1/knowledge/sources/{source_id}/runs"): get("/api/v1/knowledge/sources/{source_id}/runs"),
    ("GET", "/api/v1/knowledge/runs/{run_id}"): get("/api/v1/knowledge/runs/{run_id}"),
    ("POST", "/api/v1/knowledge/runs/{run_id}/cancel"): send("POST", "/api/v1/knowledge/runs/{run_id}/cancel"),
    ("GET", "/api/v1/knowledge/search"): None,
    ("POST", "/api/v1/conversation/start"): None,
    ("POST", "/api/v1/conversation/{conversation_id}/process"): send(
        "POST", "/api/v1/conversation/{conversation_id}/process", {"user_input": "hi"}
    ),
    ("POST", "/api/v1/conversation/{conversation_id}/stop"): send(
        "POST", "/api/v1/conversation/{conversation_id}/stop"
    ),
    ("POST", "/api/v1/conversation/{conversation_id}/request-human"): send(
        "POST", "/api/v1/conversation/{conversation_id}/request-human"
    ),
    ("POST", "/api/v1/conversation/{conversation_id}/cancel-human"): send(
        "POST", "/api/v1/conversation/{conversation_id}/cancel-human"
    ),
    ("GET", "/api/v1/conversation/tasks/{task_id}"): get("/api/v1/conversation/tasks/{task_id}"),
    ("GET", "/api/v1/conversations"): get("/api/v1/conversations"),
    ("GET", "/api/v1/conversations/{conversation_id}"): get("/api/v1/conversations/{conversation_id}"),
    ("PATCH", "/api/v1/conversations/{conversation_id}"): send(
        "PATCH", "/api/v1/conversations/{conversation_id}", {"resolved": True}
    ),
    ("GET", "/api/v1/conversations/{conversation_id}/transcript"): get(
        "/api/v1/conversations/{conversation_id}/transcript"
    ),
    ("POST", "/api/v1/conversations/{conversation_id}/messages"): send(
        "POST", "/api/v1/conversations/{conversation_id}/messages", {"text": "hi"}
    ),
    ("POST", "/api/v1/conversations/{conversation_id}/typing"): send(
        "POST", "/api/v1/conversations/{conversation_id}/typing"
    ),
    ("POST", "/api/v1/conversations/{conversation_id}/takeover"): send(
        "POST", "/api/v1/conversations/{conversation_id}/takeover"
    ),
    ("POST", "/api/v1/conversations/{conversation_id}/handback"): send(
        "POST", "/api/v1/conversations/{conversation_id}/handback"
    ),
    ("POST", "/api/v1/conversations/{conversation_id}/close"): send(
        "POST", "/api/v1/conversations/{conversation_id}/close"
    ),
    ("GET", "/api/v1/recommendations"): get("/api/v1/recommendations?user_id={user_id}"),
    ("GET", "/api/v1/recommendations/{recommendation_id}"): get("/api/v1/recommendations/{recommendation_id}"),
    ("GET", "/api/v1/playbooks"): None,
    ("POST", "/api/v1/playbooks"): None,
    ("GET", "/api/v1/playbooks/{name}"): get("/api/v1/playbooks/victim_step"),
    ("DELETE", "/api/v1/playbooks/{name}"): send("DELETE", "/api/v1/playbooks/victim_step"),
    ("GET", "/api/v1/playbooks/{name}/versions"): get("/api/v1/playbooks/victim_step/versions"),
    ("POST", "/api/v1/playbooks/{name}/versions/{version}/activate"): send(
        "POST", "/api/v1/playbooks/victim_step/versions/1/activate"
    ),
    ("GET", "/api/v1/tools"): get("/api/v1/tools"),
    ("POST", "/api/v1/tools"): None,
    ("GET", "/api/v1/tools/{name}"): get("/api/v1/tools/victim_step"),
    ("PATCH", "/api/v1/tools/{name}"): send("PATCH", "/api/v1/tools/victim_step", {"enabled": False}),
    ("DELETE", "/api/v1/tools/{name}"): send("DELETE", "/api/v1/tools/victim_step"),
    ("GET", "/api/v1/tool-calls"): get("/api/v1/tool-calls?conversation_id={conversation_id}"),
    ("GET", "/api/v1/analytics/costs"): get("/api/v1/analytics/costs"),
    ("GET", "/api/v1/analytics/nudges"): get("/api/v1/analytics/nudges"),
    ("GET", "/api/v1/analytics/conversations"): get("/api/v1/analytics/conversations"),
    ("GET", "/api/v1/api-keys"): get("/api/v1/api-keys"),
    ("POST", "/api/v1/api-keys"): None,
    ("DELETE", "/api/v1/api-keys/{key_id}"): send("DELETE", "/api/v1/api-keys/{key_id}"),
    ("GET", "/api/v1/webhook-secret"): get("/api/v1/webhook-secret"),
    ("GET", "/api/v1/audit-log"): get("/api/v1/audit-log"),
    ("GET", "/api/v1/auth/me"): None,
}


NAMED = (
    "{name}",
    "{recommendation_id}",
    "{conversation_id}",
    "{task_id}",
    "{escalation_id}",
    "{notification_id}",
    "{key_id}",
    "{source_id}",
    "{document_id}",
    "{run_id}",
)
"""What names one row: of another company there is none."""


def test_every_company_route_has_an_attack(app: Edge) -> None:
    assert set(ATTACKS) == set(routes_of(framework(app))) - OPEN


async def test_another_companys_rows_cannot_be_reached(
    client: httpx2.AsyncClient, services: Services, company: Company, other_company: Company
) -> None:
    victim = await furnish(services, other_company)
    theirs = {"X-API-Key": other_company.secret_key}
    secret = (await client.get("/api/v1/webhook-secret", headers=theirs)).json()["secret"]
    keys = (await client.get("/api/v1/api-keys", headers=theirs)).json()["items"]
    victim.key_id = next(key["key_id"] for key in keys if key["kind"] == "public")
    before = await whole_view(client, theirs, victim)

    for (method, template), attack in ATTACKS.items():
        if attack is None:
            continue
        answer = await attack(client, {"X-API-Key": company.secret_key}, victim)
        named = any(name in template for name in NAMED) and not template.endswith("{name}/versions")
        assert answer.status_code == (404 if named else 200), (method, template, answer.text)
        marks = (
            "victim-step",
            "victim_step",
            "victim-title",
            "victim-text",
            "connect",
            secret,
            victim.source_id,
            victim.key_id,
            victim.escalation_id,
        )
        assert not [mark for mark in marks if mark in answer.text and mark not in str(answer.url)], (method, template)
        if "items" in answer.json() and template not in ("/api/v1/api-keys", "/api/v1/audit-log"):
            assert answer.json()["items"] == [], template

    assert await whole_view(client, theirs, victim) == before


async def whole_view(client: httpx2.AsyncClient, headers: dict[str, str], victim: Victim) -> dict[str, Any]:
    """Everything that the victim sees of itself, but for the audit log, which grows by looking at secrets."""
    view = {}
    for (method, template), call in ATTACKS.items():
        if method == "GET" and call is not None and template not in ("/api/v1/audit-log", "/api/v1/webhook-secret"):
            answer = await call(client, headers, victim)
            assert answer.status_code == 200, (template, answer.text)
            lines = [json.loads(line) for line in answer.text.splitlines()]
            view[template] = [line for line in lines if "receipt" not in line]  # a new one at each export
    assert view["/api/v1/nudges"][0]["items"], "the view must show something, or it proves nothing"
    return view


async def test_a_person_of_one_company_is_nobody_in_another(
    client: httpx2.AsyncClient, services: Services, company: Company, other_company: Company
) -> None:
    from ingest_api.admin_tokens import Person

    admin_id, _ = await add_person(services, company.company_id, "owner")
    forged = services.access_tokens.issue(Person(other_company.company_id, admin_id), datetime.now(UTC))
    answer = await client.get("/api/v1/config", headers={"Authorization": f"Bearer {forged}"})
    assert answer.status_code == 403
