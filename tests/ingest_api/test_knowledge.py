"""The routes of the knowledge base: what they take, what they refuse, and what they leave behind."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx2
import orjson
import pytest

from core.ids import new_id
from core.passages import Passage, Scores
from core.searches import SearchUnavailable, answer_key, decode_answer, decode_request, encode_answer, encode_failure
from core.streams import FIELD, JOBS, SEARCHES, decode_job
from ingest_api.app import create_app
from ingest_api.uploads import plain_name, without_boundary
from ingest_api.wiring import Services, Settings, open_services
from knowledge.settings import KnowledgeSettings
from local.installation import Company
from tests.conftest import RedisServer
from tests.ingest_api.test_events import problem
from tests.stream_consumer.harness import eventually

SOURCES = "/api/v1/knowledge/sources"
LIMIT = 20_000


@pytest.fixture
def settings(settings: Settings) -> Settings:
    knowledge = KnowledgeSettings(
        _env_file=None,  # type: ignore[call-arg]
        kb_max_document_bytes=LIMIT,
        kb_allowed_sources=("*.example.com", "127.0.0.1:*"),
        kb_search_timeout_seconds=0.5,
    )
    return Settings(settings.store, settings.security, settings.api, settings.log, knowledge)


@pytest.fixture
def api(client: httpx2.AsyncClient, company: Company) -> httpx2.AsyncClient:
    client.headers["X-API-Key"] = company.secret_key
    return client


def text(**changes: Any) -> dict[str, Any]:
    return {"kind": "text", "title": "Guide", "text": "# Guide\n\nWords.", **changes}


async def jobs(services: Services) -> list[str]:
    return [decode_job(fields[FIELD]).run_id for _, fields in await services.redis.xrange(JOBS)]


async def test_a_source_is_answered_with_its_queued_run_which_is_on_the_stream(
    api: httpx2.AsyncClient, services: Services
) -> None:
    answer = await api.post(SOURCES, json=text(tags=["b", "a", "b"], language="en"))
    assert answer.status_code == 201
    source = answer.json()
    assert (source["kind"], source["title"], source["tags"], source["language"]) == ("text", "Guide", ["b", "a"], "en")
    assert (source["documents"], source["chunks"], source["status"]) == (0, 0, "pending")
    assert source["created_by"].startswith("key:")
    assert await jobs(services) == [source["last_run"]["run_id"]]
    run = (await api.get(f"/api/v1/knowledge/runs/{source['last_run']['run_id']}")).json()
    assert run == source["last_run"]
    assert (run["status"], run["progress"]["documents_total"]) == ("queued", None)
    assert (await api.get(f"{SOURCES}/{source['source_id']}")).json() == source
    assert (await api.get(f"{SOURCES}/{source['source_id']}/runs")).json()["items"] == [run]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"kind": "file"}, "body"),
        (text(title=" "), "body.text.title"),
        (text(text=""), "body.text.text"),
        (text(title="x" * 501), "body.text.title"),
        (text(tags=["a,b"]), "body.text.tags.0"),
        (text(tags=[str(n) for n in range(21)]), "body.text.tags"),
        (text(language="english"), "body.text.language"),
        (text(url="x"), "body.text.url"),
        ({"kind": "url"}, "body.url.location"),
        ({"kind": "url", "location": "ftp://help.example.com/"}, "body.url.location"),
        ({"kind": "url", "location": "https://u:p@help.example.com/"}, "body.url.location"),
        ({"kind": "sitemap", "location": "not an address"}, "body.sitemap.location"),
        ({"kind": "url", "location": "https://help.example.com/" + "x" * 2100}, "body.url.location"),
    ],
)
async def test_a_bad_wish_is_a_422_that_names_the_field(
    api: httpx2.AsyncClient, services: Services, body: dict[str, Any], field: str
) -> None:
    answer = await api.post(SOURCES, json=body)
    problem(answer, 422, "invalid_request")
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]
    assert (await api.get(SOURCES)).json()["items"] == []
    assert await jobs(services) == []


async def test_a_file_as_json_is_told_that_it_is_sent_as_a_form(api: httpx2.AsyncClient) -> None:
    answer = await api.post(SOURCES, json={"kind": "file", "location": "manual.pdf"})
    problem(answer, 422, "invalid_request")
    [fault] = answer.json()["errors"]
    assert fault["detail"] == "A file is sent as a form (multipart/form-data) with the field `file`, not as JSON."


@pytest.mark.parametrize(
    ("content", "code"), [(b"{", "invalid_json"), (b"", "invalid_json"), (b'{"kind":"text","title":"a\\u0000"}', "")]
)
async def test_a_body_that_is_no_json(api: httpx2.AsyncClient, content: bytes, code: str) -> None:
    answer = await api.post(SOURCES, content=content, headers={"Content-Type": "application/json"})
    problem(answer, 422, code or "invalid_request")


@pytest.mark.parametrize(
    "location", ["https://elsewhere.example/", "http://help.example.com:2525/", "http://127.0.0.2/"]
)
async def test_a_host_that_the_operator_does_not_allow_is_told_at_once(api: httpx2.AsyncClient, location: str) -> None:
    answer = await api.post(SOURCES, json={"kind": "url", "location": location})
    problem(answer, 422, "not_allowed")


async def test_an_address_is_kept_in_its_one_spelling(api: httpx2.AsyncClient) -> None:
    wish = {"kind": "url", "location": " HTTPS://Help.Example.com:443/a/../b#part ", "title": ""}
    source = (await api.post(SOURCES, json=wish)).json()
    assert source["location"] == source["title"] == "https://help.example.com/b"


async def test_a_file_with_its_fields(api: httpx2.AsyncClient, services: Services) -> None:
    content = b"\x00\x01\xff" * 100
    answer = await api.post(
        SOURCES,
        files={"file": ("C:\\docs\\..\\Handbook.pdf", content, "application/pdf")},
        data={"title": "", "tags": ["a, b", "c"], "language": "ar"},
    )
    assert answer.status_code == 201, answer.text
    source = answer.json()
    assert (source["kind"], source["location"], source["title"]) == ("file", "Handbook.pdf", "Handbook.pdf")
    assert (source["tags"], source["language"]) == (["a", "b", "c"], "ar")


@pytest.mark.parametrize(
    ("files", "data", "code"),
    [
        ({"file": ("a.md", b"")}, {}, "empty_document"),
        ({"other": ("a.md", b"x")}, {}, "invalid_request"),
        ({"file": ("a.md", b"x")}, {"colour": "red"}, "invalid_request"),
        ({"file": ("a.md", b"x")}, {"language": "klingon"}, "invalid_request"),
        ({"file": ("a.md", b"x")}, {"title": "a\0b"}, "invalid_request"),
        ({"file": ("a.md", b"x")}, {"title": ["a", "b"]}, "invalid_request"),
        ({"file": ("a.md", b"x")}, {"tags": "x" * 65}, "invalid_request"),
    ],
)
async def test_a_bad_form(api: httpx2.AsyncClient, files: Any, data: Any, code: str) -> None:
    problem(await api.post(SOURCES, files=files, data=data), 422, code)
    assert (await api.get(SOURCES)).json()["items"] == []


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=nowhere"],
)
async def test_a_broken_form_is_a_422(api: httpx2.AsyncClient, content_type: str) -> None:
    answer = await api.post(SOURCES, content=b"--x\r\nnonsense", headers={"Content-Type": content_type})
    problem(answer, 422, "invalid_request")


async def test_two_files_are_refused(api: httpx2.AsyncClient) -> None:
    files = [("file", ("a.md", b"x")), ("file", ("b.md", b"y"))]
    problem(await api.post(SOURCES, files=files), 422, "invalid_request")


async def test_the_limit_holds_by_the_declared_length_and_while_reading(api: httpx2.AsyncClient) -> None:
    fits = await api.post(SOURCES, files={"file": ("a.md", b"x" * LIMIT)})
    assert fits.status_code == 201
    problem(await api.post(SOURCES, files={"file": ("a.md", b"x" * (LIMIT + 70_000))}), 413, "body_too_large")

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"x" * 1000

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    problem(await api.post(SOURCES, content=endless(), headers=headers), 413, "body_too_large")
    # Other routes keep their own limit.
    other = await api.post("/api/v1/config", content=b" " * 600_000, headers={"Content-Type": "application/json"})
    problem(other, 413, "body_too_large")


async def test_a_stranger_is_refused_before_the_body_is_read(client: httpx2.AsyncClient) -> None:
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(15):
            sent += 1
            yield b"x" * 1000

    headers = {"Content-Type": "multipart/form-data; boundary=b", "X-API-Key": "sk_wrong"}
    problem(await client.post(SOURCES, content=body(), headers=headers), 401, "unauthenticated")


async def test_a_repeated_upload_is_one_source_whatever_the_boundary(
    api: httpx2.AsyncClient, services: Services
) -> None:
    headers = {"Idempotency-Key": "upload-1"}
    first = await api.post(SOURCES, files={"file": ("a.md", b"words")}, headers=headers)
    again = await api.post(SOURCES, files={"file": ("a.md", b"words")}, headers=headers)
    assert first.status_code == again.status_code == 201
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json()["source_id"] == first.json()["source_id"]
    assert len((await api.get(SOURCES)).json()["items"]) == 1
    assert len(await jobs(services)) == 1
    other = await api.post(SOURCES, files={"file": ("a.md", b"other")}, headers=headers)
    problem(other, 409, "idempotency_conflict")


async def test_sources_are_paged_newest_first(api: httpx2.AsyncClient) -> None:
    for number in range(3):
        await api.post(SOURCES, json=text(title=f"S{number}"))
    first = (await api.get(SOURCES, params={"limit": 2})).json()
    rest = (await api.get(SOURCES, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [source["title"] for source in first["items"] + rest["items"]] == ["S2", "S1", "S0"]
    assert rest["next_cursor"] is None


async def test_what_is_not_there(api: httpx2.AsyncClient) -> None:
    missing = new_id()
    for method, path in (
        ("GET", f"{SOURCES}/{missing}"),
        ("DELETE", f"{SOURCES}/{missing}"),
        ("GET", f"{SOURCES}/{missing}/documents"),
        ("GET", f"{SOURCES}/{missing}/runs"),
        ("POST", f"{SOURCES}/{missing}/ingest"),
        ("GET", f"/api/v1/knowledge/documents/{missing}/chunks"),
        ("GET", f"/api/v1/knowledge/runs/{missing}"),
        ("POST", f"/api/v1/knowledge/runs/{missing}/cancel"),
    ):
        problem(await api.request(method, path), 404, "not_found")
    for cursor in ("x", "-1", "9" * 10, "²"):
        answer = await api.get(f"/api/v1/knowledge/documents/{missing}/chunks", params={"cursor": cursor})
        problem(answer, 422, "invalid_request")


async def test_asking_to_read_again_while_a_run_is_queued_and_after_it_was_cancelled(api: httpx2.AsyncClient) -> None:
    source = (await api.post(SOURCES, json=text())).json()
    queued = source["last_run"]["run_id"]
    again = await api.post(f"{SOURCES}/{source['source_id']}/ingest")
    assert (again.status_code, again.json()["run_id"]) == (202, queued)
    cancelled = await api.post(f"/api/v1/knowledge/runs/{queued}/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    problem(await api.post(f"/api/v1/knowledge/runs/{queued}/cancel"), 409, "conflict")
    fresh = await api.post(f"{SOURCES}/{source['source_id']}/ingest", json={"allow_loss": True})
    assert fresh.json()["run_id"] != queued
    problem(await api.post(f"{SOURCES}/{source['source_id']}/ingest", json={"force": 1}), 422, "invalid_request")


async def test_every_change_is_audited(api: httpx2.AsyncClient) -> None:
    source = (await api.post(SOURCES, json=text())).json()
    await api.post(f"{SOURCES}/{source['source_id']}/ingest", json={"allow_loss": True})
    await api.post(f"/api/v1/knowledge/runs/{source['last_run']['run_id']}/cancel")
    assert (await api.delete(f"{SOURCES}/{source['source_id']}")).status_code == 204
    entries = (await api.get("/api/v1/audit-log")).json()["items"]
    assert [entry["action"] for entry in reversed(entries)][1:] == [
        "knowledge_source.added",
        "knowledge_source.ingested",
        "knowledge_run.cancelled",
        "knowledge_source.deleted",
    ]
    assert all(entry["actor"].startswith("key:") and entry["trace_id"] for entry in entries[:4])


async def test_a_source_is_stored_while_redis_is_away(
    settings: Settings, redis_server: RedisServer, company: Company
) -> None:
    store = settings.store.model_copy(update={"redis_url": type(settings.store.redis_url)(redis_server.url)})
    changed = Settings(store, settings.security, settings.api, settings.log, settings.knowledge)
    async with open_services(changed) as services:
        transport = httpx2.ASGITransport(app=create_app(services))
        headers = {"X-API-Key": company.secret_key}
        async with httpx2.AsyncClient(transport=transport, base_url="http://api.test", headers=headers) as api:
            redis_server.stop()
            answer = await api.post(SOURCES, json=text())
            assert (answer.status_code, answer.json()["last_run"]["status"]) == (201, "queued")
            problem(await api.get("/api/v1/knowledge/search", params={"q": "x"}), 503, "unavailable")


# -- search


PASSAGE = Passage(
    chunk_id=new_id(), source_id=new_id(), document_title="T", heading_path=("T", "H"), text="The words", url=None,
    scores=Scores(0.5, vector=0.25, lexical=1.5), tags=("a",), language="en", attribution="©", highlights=((4, 9),),
)  # fmt: skip


async def answer_next(services: Services, answer: bytes) -> Any:
    """Play the jobs role for one search; returns its request."""
    await eventually(lambda: services.redis.exists(SEARCHES))
    entries = await services.redis.xrange(SEARCHES)
    request = decode_request(entries[0][1][FIELD])
    await services.redis.rpush(answer_key(request.request_id), answer)
    return request


async def test_a_search_is_asked_and_answered_over_redis(
    api: httpx2.AsyncClient, services: Services, company: Company
) -> None:
    wish = {"q": "the words?", "k": 3, "language": "en", "tags": ["a", "b"]}
    answer, request = await asyncio.gather(
        api.get("/api/v1/knowledge/search", params=wish), answer_next(services, encode_answer((PASSAGE,)))
    )
    assert (request.company_id, request.query, request.k) == (company.company_id, "the words?", 3)
    assert (request.language, request.tags) == ("en", ("a", "b"))
    assert answer.status_code == 200
    [found] = answer.json()["items"]
    assert found["scores"] == {"fused": 0.5, "vector": 0.25, "lexical": 1.5, "rerank": None}
    assert (found["highlights"], found["heading_path"], found["attribution"]) == ([[4, 9]], ["T", "H"], "©")


@pytest.mark.parametrize(
    ("found", "least", "most", "is_answerable"),
    [
        ((replace(PASSAGE, scores=Scores(0.7, vector=0.8, lexical=0.9)),), 0.9, 1, True),
        ((replace(PASSAGE, scores=Scores(0.2, vector=0.3, lexical=0.1)),), 0.001, 0.1, False),
        ((), 0, 0, False),
    ],
)
async def test_a_search_tells_how_likely_it_answers(
    api: httpx2.AsyncClient, services: Services, found: Any, least: float, most: float, is_answerable: bool
) -> None:
    answer, _ = await asyncio.gather(
        api.get("/api/v1/knowledge/search", params={"q": "the words?"}), answer_next(services, encode_answer(found))
    )
    told = answer.json()["answerability"]
    assert least <= told["score"] <= most
    assert told["is_answerable"] is is_answerable


async def test_a_search_that_nobody_answers_or_that_fails_is_a_503(api: httpx2.AsyncClient, services: Services) -> None:
    nobody = await api.get("/api/v1/knowledge/search", params={"q": "x"})
    problem(nobody, 503, "search_unavailable")
    assert int(nobody.headers["Retry-After"]) >= 1
    await services.redis.delete(SEARCHES)
    failed, _ = await asyncio.gather(
        api.get("/api/v1/knowledge/search", params={"q": "x"}), answer_next(services, encode_failure())
    )
    problem(failed, 503, "search_unavailable")


@pytest.mark.parametrize(
    "wish",
    [{}, {"q": ""}, {"q": "  "}, {"q": "x" * 1001}, {"q": "a\0"}, {"q": "x", "k": 0}, {"q": "x", "k": 51},
     {"q": "x", "language": "EN"}, {"q": "x", "tags": ["x" * 65]}],
)  # fmt: skip
async def test_a_senseless_search(api: httpx2.AsyncClient, services: Services, wish: dict[str, Any]) -> None:
    problem(await api.get("/api/v1/knowledge/search", params=wish), 422, "invalid_request")
    assert not await services.redis.exists(SEARCHES)


# -- parts


def test_answers_travel_whole() -> None:
    assert decode_answer(encode_answer((PASSAGE,))) == (PASSAGE,)
    of_another_version = orjson.loads(encode_answer((PASSAGE,)))
    of_another_version["passages"][0].pop("corrections")
    of_another_version["passages"][0]["added"] = 1
    assert decode_answer(orjson.dumps(of_another_version)) == (PASSAGE,)
    with pytest.raises(SearchUnavailable):
        decode_answer(encode_failure())


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'{"tags":[]}', b'{"tags":1}', b"null", b'"x"'])
def test_a_search_request_that_is_none(payload: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's own, or ours
        decode_request(payload)


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("a.pdf", "a.pdf"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\a b.docx", "a b.docx"),
        ("a\x00\n.md", "a.md"),
        ("", "document"),
        ("/", "document"),
        ("دليل.pdf", "دليل.pdf"),
        ("x" * 300 + ".md", "x" * 252 + ".md"),
    ],
)
def test_the_name_of_a_file(given: str, plain: str) -> None:
    assert plain_name(given) == plain


def test_a_form_without_its_boundary() -> None:
    assert without_boundary(b"--abc\r\nx\r\n--abc--", "multipart/form-data; boundary=abc") == b"--\r\nx\r\n----"
    assert without_boundary(b"--abc", 'multipart/form-data; boundary="abc"') == b"--"
    assert without_boundary(b"--abc", "multipart/form-data") == b"--abc"
