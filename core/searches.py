"""A search that the API asks of the jobs role over Redis, since the API itself holds no embedding model.

A request travels on `searches_stream`; its answer comes back through a list of its own, on which the API waits. Nobody
waits beyond the request's deadline, so a request that is older than that is passed over.
"""

from dataclasses import dataclass, fields
from typing import Any, Final

import orjson

from core.errors import ProductError
from core.passages import Passage, Scores

ANSWER_LIFE_MS: Final = 10_000
"""How long an answer waits for whoever asked, who may have gone."""
BACKLOG: Final = 1000
"""Requests kept at most, about: those beyond were not answered in time by anybody."""
_FIELDS: Final = frozenset(field.name for field in fields(Passage))


class SearchUnavailable(ProductError):
    """No process answered the search in time; the same request may succeed later."""

    code = "search_unavailable"
    title = "Search is temporarily unavailable."


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """One search. `deadline_ms` is in Unix milliseconds; `k` is None for the configured number of passages."""

    request_id: str
    company_id: str
    query: str
    deadline_ms: int
    trace_id: str
    k: int | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()


def answer_key(request_id: str) -> str:
    """Key of the list that one search's answer comes back through."""
    return f"search_answer:{request_id}"


def encode_request(request: SearchRequest) -> bytes:
    """Encode an entry of `searches_stream`."""
    return orjson.dumps(request)


def decode_request(payload: bytes) -> SearchRequest:
    """Decode an entry of `searches_stream`; raises ValueError for anything that we did not write."""
    try:
        values: dict[str, Any] = orjson.loads(payload)
        return SearchRequest(**{**values, "tags": tuple(values["tags"])})
    except (TypeError, KeyError) as error:
        raise ValueError("not a search request") from error


def encode_answer(passages: tuple[Passage, ...]) -> bytes:
    """Encode what a search found."""
    return orjson.dumps({"passages": passages})


def encode_failure() -> bytes:
    """Encode that a search failed; why is in the log of the process that tried."""
    return orjson.dumps({"failed": True})


def decode_answer(payload: bytes) -> tuple[Passage, ...]:
    """Decode an answer; raises SearchUnavailable when the search failed."""
    values: dict[str, Any] = orjson.loads(payload)
    if values.get("failed"):
        raise SearchUnavailable("The search failed.")
    return tuple(map(_passage, values["passages"]))


def _passage(given: dict[str, Any]) -> Passage:
    """Read a passage that another version may have written: what it adds is passed over, what it lacks is empty."""
    values: dict[str, Any] = {"corrections": ()} | {name: value for name, value in given.items() if name in _FIELDS}
    lists = {name: tuple(values[name]) for name in ("heading_path", "tags")}
    ranges = tuple((int(start), int(end)) for start, end in values["highlights"])
    pairs = tuple((str(written), str(meant)) for written, meant in values["corrections"])
    rest = {"highlights": ranges, "corrections": pairs, "scores": Scores(**values["scores"])}
    return Passage(**{**values, **lists, **rest})
