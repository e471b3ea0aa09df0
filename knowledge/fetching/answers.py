"""What a server's answer means: a page, nothing new, a refusal now or for good, and when to ask again."""

import re
from collections.abc import Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from posixpath import basename
from typing import Final
from urllib.parse import unquote

import httpx2

from core.retry_after import seconds_of
from knowledge.documents import Raw
from knowledge.fetching.refusals import BAD_RESPONSE, BAD_STATUS, BUSY, NOT_FOUND, TOO_LARGE, TOO_SLOW, Refused
from knowledge.fetching.urls import host_of

ENCODINGS: Final = ("gzip", "deflate")
"""Compressions that we ask for, and unpack piece by piece."""
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
MAX_RETRIES: Final = 2
"""Further attempts at one page."""
MAX_RETRY_WAIT: Final = 30.0
"""Longest wait in seconds for a further attempt; a server that asks for more is left for a later run."""
_BUSY: Final = frozenset({429, 503})
_GONE: Final = frozenset({404, 410})
_VALIDATOR: Final = re.compile(r"[\x20-\x7e]{1,512}")
"""An ETag or a date that can be sent back as it came."""


@dataclass(frozen=True, slots=True)
class Page(Raw):
    """A page as it was fetched. `url` is the address after redirects; `etag` and `modified` ask for news next time.

    `is_cut` says that the content was cut at the limit of bytes, where the caller asked for that.
    """

    etag: str | None = None
    modified: str | None = None
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class NotModified:
    """The page is what it was when `etag` and `modified` were given out."""

    url: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer with its body, which is empty unless the status is 200. Header names are lower-case."""

    url: httpx2.URL
    status: int
    headers: Mapping[str, str]
    content: bytes = b""
    is_cut: bool = False


def conditions(etag: str | None, modified: str | None) -> dict[str, str]:
    """Return the headers that ask for a page only if it changed; what could not be a header is left out."""
    wishes = {"If-None-Match": etag, "If-Modified-Since": modified}
    return {name: value for name, value in wishes.items() if value and _VALIDATOR.fullmatch(value)}


def read_answer(answer: Answer, now: datetime, *, is_conditional: bool) -> Page | NotModified:
    """Return what the answer to a conditional or a plain request brings; raises Refused like `read_page`."""
    if answer.status == 304 and is_conditional:
        return NotModified(str(answer.url))
    return read_page(answer, now)


def read_page(answer: Answer, now: datetime) -> Page:
    """Return the page that an answer holds; raises Refused for everything but a page."""
    if answer.status != 200:
        raise _refusal(answer, now)
    return Page(
        content=answer.content,
        name=_name(answer.url),
        media_type=answer.headers.get("content-type"),
        url=str(answer.url),
        etag=_validator(answer.headers.get("etag")),
        modified=_validator(answer.headers.get("last-modified")),
        is_cut=answer.is_cut,
    )


def trouble_of(answer: Answer, now: datetime) -> Refused | None:
    """Return why an answer may be another one soon: the server is busy or failed. None for every other answer."""
    return _refusal(answer, now) if answer.status in _BUSY or answer.status >= 500 else None


def wait_before_retry(refused: Refused, attempt: int) -> float | None:
    """Return the seconds to wait before a further attempt, None to give up; `attempt` counts from 0.

    What will not pass is not tried again, and neither is a slow page: it had its time. The wait doubles from one
    second, or is what the server asked for.
    """
    if not refused.is_passing or refused.code == TOO_SLOW or attempt >= MAX_RETRIES:
        return None
    wait = max(refused.retry_after or 0.0, 2.0**attempt)
    return wait if wait <= MAX_RETRY_WAIT else None


async def read_body(response: httpx2.Response, limit: int, *, host: str, may_cut: bool = False) -> tuple[bytes, bool]:
    """Return the unpacked body and whether it was cut at `limit` bytes.

    Bytes are counted as they are unpacked, a piece of at most a megabyte at a time, so that a small body that unpacks
    to a huge one costs no more than the limit.

    Raises:
        Refused: TOO_LARGE unless it may be cut; BAD_RESPONSE for a compression that was not asked for.
    """
    _check_encoding(response.headers.get("content-encoding", ""), host)
    declared = response.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > limit and not may_cut:
        raise _too_large(host, limit)
    body = bytearray()
    async with aclosing(response.aiter_bytes()) as pieces:
        async for piece in pieces:
            body += piece
            if len(body) > limit:
                break
    if len(body) > limit and not may_cut:
        raise _too_large(host, limit)
    return bytes(body[:limit]), len(body) > limit


def _check_encoding(header: str, host: str) -> None:
    applied: Iterable[str] = (part.strip().lower() for part in header.split(",") if part.strip())
    strange = [name for name in applied if name not in (*ENCODINGS, "identity")]
    if strange:
        raise Refused(BAD_RESPONSE, f"{host} compressed its answer as {strange[0][:20]!r}, which we did not ask for")


def _refusal(answer: Answer, now: datetime) -> Refused:
    host, status = host_of(answer.url), answer.status
    if status in _BUSY:
        wait = seconds_of(answer.headers.get("retry-after"), now)
        return Refused(BUSY, f"{host} answered {status} and asks for patience", is_passing=True, retry_after=wait)
    if status in _GONE:
        return Refused(NOT_FOUND, f"{host} answered {status}: there is no such page")
    return Refused(BAD_STATUS, f"{host} answered {status}", is_passing=status >= 500)


def _too_large(host: str, limit: int) -> Refused:
    return Refused(TOO_LARGE, f"{host} sent more than the {limit} bytes that a page may have")


def _validator(header: str | None) -> str | None:
    return header if header and _VALIDATOR.fullmatch(header) else None


def _name(url: httpx2.URL) -> str:
    return basename(unquote(url.path).rstrip("/")) or host_of(url)
