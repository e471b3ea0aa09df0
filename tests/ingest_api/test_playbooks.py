"""Playbooks and tools over HTTP: versions, refusals that name the field, secrets that are shown once."""

from dataclasses import replace
from typing import Any

import httpx2
import pytest

from core.settings import ConversationSettings
from db import tools
from ingest_api.app import create_app
from ingest_api.wiring import Services, Settings, open_services
from local.installation import Company
from tests.ingest_api.test_events import problem

PATH = "/api/v1/playbooks"
TOOLS = "/api/v1/tools"


@pytest.fixture
def headers(company: Company) -> dict[str, str]:
    return {"X-API-Key": company.secret_key}


def playbook(**changes: Any) -> dict[str, Any]:
    return {
        "name": "concierge",
        "title": "Concierge",
        "persona": "You are a concierge.",
        "tone": "Brief.",
        "languages": ["en"],
        "greeting": {"en": "Good evening."},
        "first_stage": "hello",
        "stages": {
            "hello": {
                "title": "Hello",
                "questions": [{"name": "nights", "text": {"en": "How many nights?"}}],
                "next": ["bye"],
            },
            "bye": {"title": "Bye"},
        },
        **changes,
    }


def tool(**changes: Any) -> dict[str, Any]:
    return {
        "name": "lookup_booking",
        "description": "Finds a booking by its number.",
        "url": "https://host.example/tools/booking",
        "parameters": {"type": "object", "properties": {"number": {"type": "string"}}, "required": ["number"]},
        **changes,
    }


# -- playbooks


async def test_a_new_company_has_the_shipped_ones(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    items = (await client.get(PATH, headers=headers)).json()["items"]
    assert [(item["name"], item["source"], item["number"]) for item in items] == [
        ("onboarding", "shipped", None),
        ("sales", "shipped", None),
        ("support", "shipped", None),
    ]
    one = await client.get(f"{PATH}/sales", headers=headers)
    assert one.json()["definition"]["stages"]["needs_analysis"]["next"] == ["solution", "qualifying"]
    assert one.headers["etag"] == '"0"'


async def test_versions_are_stored_activated_and_withdrawn(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    for title in ("First", "Second"):
        answer = await client.post(PATH, json=playbook(name="support", title=title), headers=headers)
        assert answer.status_code == 201, answer.text
    assert (answer.json()["version"], answer.headers["etag"]) == ("support-v2", '"2"')

    again = await client.post(f"{PATH}/support/versions/1/activate", headers=headers)
    assert (again.status_code, again.json()["definition"]["title"], again.json()["number"]) == (200, "First", 1)

    versions = (await client.get(f"{PATH}/support/versions", headers=headers)).json()["items"]
    assert [(item["version"], item["active"]) for item in versions] == [(2, False), (1, True)]
    page = (await client.get(f"{PATH}/support/versions?limit=1", headers=headers)).json()
    rest = (await client.get(f"{PATH}/support/versions?cursor={page['next_cursor']}", headers=headers)).json()
    assert [item["version"] for item in page["items"] + rest["items"]] == [2, 1]

    assert (await client.delete(f"{PATH}/support", headers=headers)).status_code == 204
    assert (await client.get(f"{PATH}/support", headers=headers)).json()["source"] == "shipped"
    problem(await client.delete(f"{PATH}/support", headers=headers), 404, "unknown_playbook")
    actions = [item["action"] for item in (await client.get("/api/v1/audit-log", headers=headers)).json()["items"]]
    assert actions[:4] == ["playbook.withdrawn", "playbook.activated", "playbook.saved", "playbook.saved"]


async def test_a_tool_that_there_is_not_yet_is_named_in_a_warning(
    client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    named = ["search_knowledge", "get_stock", "refund", "shop_orders"]

    async def warned() -> list[dict[str, str]]:
        one = (await client.get(f"{PATH}/concierge", headers=headers)).json()["warnings"]
        listed = (await client.get(PATH, headers=headers)).json()["items"]
        assert {item["name"]: item["warnings"] for item in listed if item["warnings"]} == (
            {"concierge": one} if one else {}
        )
        return list(one)

    stored = await client.post(PATH, json=playbook(tools=named), headers=headers)
    refund = {"field": "tools.2", "code": "unknown_tool", "detail": "there is no tool refund yet"}
    orders = {"field": "tools.3", "code": "unknown_tool", "detail": "there is no tool shop_orders yet"}
    assert (stored.status_code, stored.json()["warnings"]) == (201, [refund, orders])
    await client.post(TOOLS, json=tool(name="shop", kind="mcp"), headers=headers)
    assert await warned() == [refund]
    await client.post(TOOLS, json=tool(name="refund", enabled=False), headers=headers)
    assert await warned() == []
    again = await client.post(f"{PATH}/concierge/versions/1/activate", headers=headers)
    assert again.json()["warnings"] == []


async def test_if_match_guards_against_a_lost_change(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    first = await client.post(PATH, json=playbook(), headers={**headers, "If-Match": '"0"'})
    assert first.status_code == 201
    problem(await client.post(PATH, json=playbook(), headers={**headers, "If-Match": '"0"'}), 409, "version_conflict")
    assert (await client.post(PATH, json=playbook(), headers={**headers, "If-Match": '"1"'})).status_code == 201


WRONG_PLAYBOOKS: list[tuple[dict[str, Any], str]] = [
    ({"first_stage": "nowhere"}, "body.first_stage"),
    ({"stages": {"hello": {"title": "Hello", "next": ["nowhere"]}}}, "body.stages.hello.next.0"),
    ({"stages": {"hello": {"title": "Hello", "tools": ["get_stock"]}}}, "body.stages.hello.tools.0"),
    ({"greeting": {"de": "Guten Abend."}}, "body.greeting"),
    ({"limits": {"tool_rounds": 99}}, "body.limits.tool_rounds"),
    ({"surprise": 1}, "body.surprise"),
    ({"surprise": 1, "persona": "", "first_stage": "nowhere"}, "body.first_stage"),
    ({"name": "Not A Name"}, "body.name"),
    ({"stages": {}}, "body.stages"),
]


async def test_a_wrong_playbook_is_refused_by_the_field_at_fault(
    client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    for changes, field in WRONG_PLAYBOOKS:
        answer = await client.post(PATH, json=playbook(**changes), headers=headers)
        problem(answer, 422, "invalid_request")
        assert field in [error["field"] for error in answer.json()["errors"]], answer.text
    assert len((await client.get(PATH, headers=headers)).json()["items"]) == 3


async def test_what_there_is_not_is_a_404(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    problem(await client.get(f"{PATH}/nothing", headers=headers), 404, "unknown_playbook")
    problem(await client.post(f"{PATH}/support/versions/7/activate", headers=headers), 404, "unknown_playbook")
    assert (await client.get(f"{PATH}/nothing/versions", headers=headers)).json()["items"] == []
    problem(await client.get(f"{PATH}/No", headers=headers), 422, "invalid_request")


async def test_a_repeated_write_makes_one_version(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    keyed = {**headers, "Idempotency-Key": "k1"}
    answers = [await client.post(PATH, json=playbook(), headers=keyed) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len((await client.get(f"{PATH}/concierge/versions", headers=headers)).json()["items"]) == 1


# -- tools


async def test_a_tool_is_added_with_a_secret_that_is_shown_once(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company
) -> None:
    keyed = {**headers, "Idempotency-Key": "k1"}
    answer = await client.post(TOOLS, json=tool(), headers=keyed)
    assert (answer.status_code, answer.json()["version"], answer.json()["has_secret"]) == (201, 1, True)
    secret = answer.json()["secret"]
    assert secret.startswith("whsec_")
    repeated = await client.post(TOOLS, json=tool(), headers=keyed)
    assert (repeated.status_code, repeated.json().get("secret")) == (201, None)
    for path in (TOOLS, f"{TOOLS}/lookup_booking", "/api/v1/audit-log"):
        assert secret not in (await client.get(path, headers=headers)).text

    async with services.database.transaction(company.company_id) as connection:
        stored = await tools.get(connection, company.company_id, "lookup_booking")
    assert stored is not None
    assert stored.secret is not None
    assert services.vault.decrypt(stored.secret) == secret


async def test_a_tool_is_changed_in_part_and_its_secret_stays_unless_named(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services, company: Company
) -> None:
    secret = (await client.post(TOOLS, json=tool(), headers=headers)).json()["secret"]
    changed = await client.patch(f"{TOOLS}/lookup_booking", json={"timeout_seconds": 3}, headers=headers)
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert changed.json()["definition"]["timeout_seconds"] == 3
    assert changed.json()["definition"]["parameters"] == tool()["parameters"]
    assert "secret" not in changed.json()
    assert await secret_of(services, company) == secret

    off = await client.patch(f"{TOOLS}/lookup_booking", json={"enabled": False}, headers=headers)
    assert (off.json()["enabled"], off.json()["definition"]["timeout_seconds"]) == (False, 3)

    renewed = (await client.patch(f"{TOOLS}/lookup_booking", json={"secret": None}, headers=headers)).json()
    assert renewed["secret"] != secret
    assert await secret_of(services, company) == renewed["secret"]
    assert renewed["enabled"] is False
    given = {"secret": "whsec_" + "A" * 32}
    assert "A" * 32 not in (await client.patch(f"{TOOLS}/lookup_booking", json=given, headers=headers)).text
    assert await secret_of(services, company) == given["secret"]


async def secret_of(services: Services, company: Company) -> str:
    async with services.database.transaction(company.company_id) as connection:
        stored = await tools.get(connection, company.company_id, "lookup_booking")
    assert stored is not None
    assert stored.secret is not None
    return services.vault.decrypt(stored.secret)


async def test_an_mcp_server_needs_no_token(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    server = {"name": "docs", "kind": "mcp", "description": "Docs.", "url": "https://mcp.example/mcp"}
    answer = await client.post(TOOLS, json=server, headers=headers)
    assert (answer.status_code, answer.json()["has_secret"], answer.json().get("secret")) == (201, False, None)
    with_token = await client.patch(f"{TOOLS}/docs", json={"secret": "a-bearer-token"}, headers=headers)
    assert with_token.json()["has_secret"] is True


async def test_taken_lost_and_unknown_names(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    assert (await client.post(TOOLS, json=tool(), headers=headers)).status_code == 201
    problem(await client.post(TOOLS, json=tool(), headers=headers), 409, "version_conflict")
    stale = {**headers, "If-Match": '"7"'}
    patch = {"enabled": False}
    problem(await client.patch(f"{TOOLS}/lookup_booking", json=patch, headers=stale), 409, "version_conflict")
    renamed = await client.patch(f"{TOOLS}/lookup_booking", json={"name": "other"}, headers=headers)
    problem(renamed, 422, "invalid_request")
    assert (await client.delete(f"{TOOLS}/lookup_booking", headers=headers)).status_code == 204
    for method, path in (("GET", "lookup_booking"), ("PATCH", "lookup_booking"), ("DELETE", "lookup_booking")):
        gone = await client.request(method, f"{TOOLS}/{path}", json={} if method == "PATCH" else None, headers=headers)
        problem(gone, 404, "not_found")


WRONG_TOOLS: list[dict[str, Any]] = [
    {"name": "request_human"},
    {"parameters": {"type": "array"}},
    {"parameters": {"type": "object", "properties": 7}},
    {"url": "ftp://host.example"},
    {"url": "https://user:password@host.example"},
    {"secret": "whsec_short"},
    {"secret": "not a secret"},
    {"timeout_seconds": 600},
    {"surprise": 1},
    {"description": ""},
]


async def test_a_wrong_tool_is_refused_and_its_secret_is_not_repeated(
    client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    for changes in WRONG_TOOLS:
        answer = await client.post(TOOLS, json=tool(**{"secret": "whsec_" + "B" * 32, **changes}), headers=headers)
        assert (answer.status_code, bool(answer.json().get("errors"))) == (422, True), changes
        assert "whsec_BBB" not in answer.text
    assert (await client.get(TOOLS, headers=headers)).json()["items"] == []
    assert (await client.post(TOOLS, json=tool(), headers=headers)).status_code == 201
    for changes in WRONG_TOOLS:
        answer = await client.patch(f"{TOOLS}/lookup_booking", json=changes, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request"), changes


INSIDE = (
    "http://169.254.169.254/latest", "http://127.0.0.1:9/", "http://localhost/", "http://Api.LocalHost./", "http://[::1]/",
    "http://10.0.0.7/", "http://2130706433/", "http://0x7f.1/", "http://[::ffff:192.168.1.1]/", "http://0.0.0.0/",
)  # fmt: skip


async def test_a_private_address_is_refused_when_it_is_stored(
    client: httpx2.AsyncClient, headers: dict[str, str], services: Services
) -> None:
    assert (await client.post(TOOLS, json=tool(name="named"), headers=headers)).status_code == 201
    for url in INSIDE:
        problem(await client.post(TOOLS, json=tool(url=url), headers=headers), 422, "private_address")
        answer = await client.patch(f"{TOOLS}/named", json={"url": url}, headers=headers)
        assert problem(answer, 422, "private_address")["errors"][0]["field"] == "body.url"
    for number, url in enumerate(("http://1.1.1.1/", "https://[2606:4700::1111]/", "http://inside.example/")):
        assert (await client.post(TOOLS, json=tool(name=f"t{number}", url=url), headers=headers)).status_code == 201


async def test_for_development_it_is_taken_but_never_that_of_metadata(
    settings: Settings, headers: dict[str, str]
) -> None:
    open_ = replace(settings, conversations=ConversationSettings(allow_private_tools=True))
    async with open_services(open_) as services:
        transport = httpx2.ASGITransport(app=create_app(services))
        async with httpx2.AsyncClient(transport=transport, base_url="http://api.test") as client:
            for name, url in (("local", "http://localhost:9/"), ("near", "http://10.0.0.7/")):
                answer = await client.post(TOOLS, json=tool(name=name, url=url), headers=headers)
                assert answer.status_code == 201
            problem(await client.post(TOOLS, json=tool(url=INSIDE[0]), headers=headers), 422, "private_address")
