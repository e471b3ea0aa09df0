"""The OpenAPI document: what the framework derives, and the events route, which it cannot see into."""

from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from core.events import MAX_BODY_BYTES, MAX_EVENTS, MAX_PROPERTIES_BYTES, EventBatch
from ingest_api.access import ACCESS
from ingest_api.knowledge_schemas import NewPages, NewText
from ingest_api.problems import CONTENT_TYPE
from ingest_api.routes import events
from ingest_api.schemas import Accepted, ProblemDocument

DESCRIPTION: Final = """\
Takes events in, and lets your server and your people read and steer what the agent does.

* **Keys.** `X-API-Key` carries a secret key (`sk_…`, your server) or a public key (`pk_…`, your pages). A public key
  writes events and gets tokens; it reads nothing. People log in and send `Authorization: Bearer`.
* **Errors** are `application/problem+json` (RFC 9457) with a stable `code`.
* **Lists** answer `{items, next_cursor}`; pass `next_cursor` as `cursor` for the next page.
* **Writes** accept `Idempotency-Key`.
* **Times** are ISO 8601 with a zone.
"""
_TEMPLATE: Final = "#/components/schemas/{model}"
_EVENT_TEXT: Final = f"""\
Stores a batch for processing and answers at once: at most {MAX_EVENTS} events and {MAX_BODY_BYTES} bytes, each event's
`properties` at most {MAX_PROPERTIES_BYTES} bytes. All events are stored, or none; a 422 with the code `invalid_events`
names the index of every bad event in `errors`, so that the rest can be sent again. Sending an event again is harmless:
its `event_id` makes it one. A `X-User-Token` must speak for the user of every event. A beacon (`navigator.sendBeacon`)
sends `text/plain` of at most {events.MAX_BEACON_BYTES} bytes, with `api_key` and `user_token` as members of the body.
"""


def install(app: FastAPI) -> None:
    """Let `app.openapi()` return the complete document, built once."""

    def build() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = build_document(app)
        return app.openapi_schema

    app.openapi = build  # type: ignore[method-assign]


def build_document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of the app."""
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, servers=[{"url": "/"}]
    )
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        (EventBatch, "validation"),
        (Accepted, "serialization"),
        (ProblemDocument, "serialization"),
        (NewText, "validation"),
        (NewPages, "validation"),
    ]
    _, definitions = models_json_schema(models, ref_template=_TEMPLATE)
    document["components"]["schemas"].update(definitions["$defs"])
    document["paths"] = {events.PATH: {"post": _event_operation()}, **document["paths"]}
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)
    _describe_refusals(document)
    return document


def _event_operation() -> dict[str, Any]:
    batch = {"$ref": _TEMPLATE.format(model="EventBatch")}
    accepted = {"application/json": {"schema": {"$ref": _TEMPLATE.format(model="Accepted")}}}
    return {
        "tags": ["events"],
        "summary": "Take a batch of events in",
        "description": _EVENT_TEXT,
        "operationId": "take_events",
        "parameters": [
            {
                "name": "X-User-Token",
                "in": "header",
                "required": False,
                "description": "A token of the user whose events these are",
                "schema": {"type": "string"},
            }
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": batch}}},
        "responses": {
            "202": {"description": "Every event is stored", "content": accepted},
            "415": {"description": "Neither JSON nor the text of a beacon, or compressed"},
        },
        "security": [{"ApiKey": []}],
    }


def _describe_refusals(document: dict[str, Any]) -> None:
    """Say of every operation which problems it answers with, in the one form that they have."""
    content = {CONTENT_TYPE: {"schema": {"$ref": _TEMPLATE.format(model=ProblemDocument.__name__)}}}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            responses = operation["responses"]
            for status in _refusals(method.upper(), path, operation):
                responses.setdefault(str(status), {"description": HTTPStatus(status).phrase})
            for status, answer in responses.items():
                if status.startswith(("4", "5")) and path != "/readyz":
                    answer["content"] = content
            operation["responses"] = dict(sorted(responses.items()))


def _refusals(method: str, path: str, operation: dict[str, Any]) -> tuple[int, ...]:
    if (method, path) not in ACCESS and not path.startswith("/api/v1/support/"):
        return (401, 413, 422, 429, 503) if path.startswith("/api/v1/auth/") else ()
    common = (401, 403, 422, 429, 503)
    body = (413,) if "requestBody" in operation else ()
    repeatable = any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", ()))
    return (*common, *body, *((409,) if repeatable else ()))
