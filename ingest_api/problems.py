"""Errors as HTTP: RFC 9457 problem details with stable codes, and a 500 that leaks nothing."""

import logging
import math
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import orjson
import psycopg
from pydantic import ValidationError

from core import redis as redis_edge
from core.errors import InvalidRequest, ProductError, Unavailable
from core.logs import bind
from db.pool import is_outage as is_database_outage
from ingest_api.exchange import Exchange

CONTENT_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 2
"""Advice when a store is away and we know no better."""

STATUS: Final = {
    "unauthenticated": 401,
    "token_expired": 401,
    "forbidden": 403,
    "origin_refused": 403,
    "user_mismatch": 403,
    "conversations_unavailable": 403,
    "no_consent": 403,
    "not_found": 404,
    "unknown_playbook": 404,
    "method_not_allowed": 405,
    "conflict": 409,
    "version_conflict": 409,
    "idempotency_conflict": 409,
    "conversation_active": 409,
    "conversation_ended": 409,
    "nobody_called": 409,
    "person_answers": 409,
    "person_needed": 409,
    "illegal_stage": 409,
    "illegal_transition": 409,
    "unreadable_playbook": 409,
    "body_too_large": 413,
    "unsupported_media_type": 415,
    "invalid_request": 422,
    "invalid_json": 422,
    "invalid_events": 422,
    "too_many_events": 422,
    "empty_document": 422,
    "empty_message": 422,
    "message_too_long": 422,
    "not_allowed": 422,
    "private_address": 422,
    "rate_limited": 429,
    "too_many_messages": 429,
    "budget_exhausted": 429,
    "internal_error": 500,
    "provider_failed": 502,
    "unavailable": 503,
    "search_unavailable": 503,
    "provider_timeout": 504,
}
"""Status of each code. A code that is missing here is a 500, and a test sees to it that none is."""

_log = logging.getLogger(__name__)

INTERNAL: Final = ProductError()
"""What a caller learns of a fault that we did not foresee: nothing but its trace id."""


class Problem(NamedTuple):
    """A problem ready to be sent."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def as_product_error(error: BaseException) -> ProductError:
    """Return the error that a caller may see: ours as it is, an outage as a 503, a value that PostgreSQL cannot take as
    a 422, anything else as a blank 500."""
    if isinstance(error, ProductError):
        return error
    if redis_edge.is_outage(error) or is_database_outage(error):
        return Unavailable(retry_after=RETRY_AFTER_SECONDS)
    if isinstance(error, psycopg.DataError):  # such as a forged cursor whose id is none
        return InvalidRequest("A value cannot be used here.")
    return INTERNAL


def answer(error: Exception, exchange: Exchange) -> Problem:
    """Return the problem that answers an error, and note it: the code for metrics, a fault of ours for the log."""
    refusal = as_product_error(error)
    exchange.code = refusal.code
    if refusal is not error:
        with bind(trace_id=exchange.trace_id):
            _log_fault(error, refusal)
    return render(refusal, exchange.trace_id)


def _log_fault(error: Exception, refusal: ProductError) -> None:
    if refusal is INTERNAL:
        _log.error("request.failed", exc_info=error)
    else:
        _log.warning("request.hindered", extra={"error": type(error).__name__, "code": refusal.code})


def render(error: ProductError, trace_id: str) -> Problem:
    """Return the problem document of an error, with `Retry-After` where waiting helps."""
    status = STATUS.get(error.code, 500)
    body = orjson.dumps(describe(error, status, trace_id))
    headers = [(b"content-type", CONTENT_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    retry_after = error.retry_after if error.retry_after or status != 503 else RETRY_AFTER_SECONDS
    if retry_after is not None:
        headers.append((b"retry-after", str(max(1, math.ceil(retry_after))).encode()))
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    return Problem(status, headers, body)


def describe(error: ProductError, status: int, trace_id: str) -> dict[str, Any]:
    """Return the members of the problem document."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": error.title,
        "status": status,
        "code": error.code,
        "detail": error.detail,
        "trace_id": trace_id,
    }
    if error.errors:
        document["errors"] = list(error.errors)
    return document


def faults_of(error: ValidationError, *place: str) -> list[dict[str, str]]:
    """Return the faults of a value that routes check themselves, by field; `place` is where the value stood."""
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    return [{"field": ".".join(map(str, (*place, *fault["loc"]))), "detail": fault["msg"]} for fault in faults]


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what a route says of the problems that are its own; `openapi` fills in their form and the common ones."""
    return {status: {"description": HTTPStatus(status).phrase} for status in statuses}
