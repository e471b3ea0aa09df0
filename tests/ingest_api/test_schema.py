"""The OpenAPI document is true: generated requests, good and bad, get only answers that it describes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.errors import ProductError
from core.security import issue_user_token
from ingest_api.access import ACCESS, OPEN
from ingest_api.app import openapi_document
from ingest_api.problems import STATUS
from local.installation import Company
from tests.ingest_api.conftest import Process

DOCUMENT = openapi_document()
SKIPPED = {("DELETE", "/api/v1/api-keys/{key_id}"), ("POST", "/api/v1/auth/token")}
"""Would take away the key of the test, or run into the brake on logins; both have tests of their own."""


CREDENTIALS = ("x-api-key", "x-user-token", "authorization")
"""Headers that say who calls; generated ones would only ever show the door."""


def operations() -> Iterator[tuple[str, str]]:
    for path, item in DOCUMENT["paths"].items():
        for method in item:
            yield method.upper(), path


def test_every_route_is_described() -> None:
    undescribed = {("GET", "/openapi.json"), ("GET", "/docs")}
    assert set(operations()) == (set(ACCESS) | OPEN) - undescribed


@pytest.mark.parametrize(("method", "path"), list(operations()))
def test_an_operation_says_what_a_stranger_needs(method: str, path: str) -> None:
    operation = DOCUMENT["paths"][path][method.lower()]
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"]
    if (method, path) in ACCESS:
        assert {next(iter(way)) for way in operation["security"]} & {"ApiKey", "Person"}
        assert {"401", "403", "422", "429", "503"} <= set(operation["responses"])
    for status, answer in operation["responses"].items():
        if status.startswith(("4", "5")) and path != "/readyz":
            assert list(answer["content"]) == ["application/problem+json"], (method, path, status)


def test_every_reference_leads_somewhere() -> None:
    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    names = set(DOCUMENT["components"]["schemas"])
    assert {reference.removeprefix("#/components/schemas/") for reference in references(DOCUMENT)} <= names


def test_every_code_has_a_status() -> None:
    def kinds(kind: type[ProductError]) -> Iterator[type[ProductError]]:
        yield kind
        for further in kind.__subclasses__():
            yield from kinds(further)

    ours = ("core.", "db.", "ingest_api.")
    codes = {kind.code for kind in kinds(ProductError) if kind.__module__.startswith(ours)}
    assert {"unknown_playbook", "too_many_messages"} <= codes
    assert codes - {"invalid_settings"} <= set(STATUS)


@pytest.mark.slow
def test_generated_requests_get_only_described_answers(api_process: Process, company: Company) -> None:
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    token, _ = issue_user_token(company.identity_secret, company.company_id, "u1", datetime.now(UTC))
    headers = {"X-API-Key": company.secret_key}
    with httpx2.Client(base_url=api_process.url, headers=headers, timeout=30) as client:
        for found in schema.get_all_operations():
            operation = found.ok()
            if (operation.method.upper(), operation.path) not in SKIPPED:
                client.headers.pop("X-User-Token", None)
                if operation.path.startswith("/api/v1/support/"):
                    client.headers["X-User-Token"] = token
                _probe(operation, client)


def _probe(operation: Any, client: httpx2.Client) -> None:
    described = DOCUMENT["paths"][operation.path][operation.method]["responses"]
    whole = operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE)
    broken = operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)

    @settings(
        max_examples=12, database=None, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
    )
    @given(st.one_of(whole, broken))
    def probe(case: Any) -> None:
        request = case.as_transport_kwargs(base_url=str(client.base_url))
        given_headers = {
            key: value for key, value in dict(request["headers"] or {}).items() if key.lower() not in CREDENTIALS
        }
        answer = client.request(
            request["method"], request["url"], params=request.get("params"), headers=given_headers,
            content=request.get("data"), json=request.get("json"),
        )  # fmt: skip
        if answer.status_code in (404, 405):
            return
        assert str(answer.status_code) in described, (operation.label, answer.status_code, answer.text)
        assert answer.status_code != 500

    probe()


async def test_the_document_is_served(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/openapi.json")).json()["paths"].keys() == DOCUMENT["paths"].keys()
    assert (await client.get("/docs")).status_code == 200
