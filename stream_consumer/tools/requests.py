"""What is sent to a company's HTTP tool: arguments, who asks, and a signature by which the tool knows that we ask.

Signed as Standard Webhooks (https://www.standardwebhooks.com) describe it. A GET has no body: there the path with its
query stands in the body's place in what is signed, in double quotes, since libraries that verify read JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

import httpx2
import orjson
from standardwebhooks import Webhook

from core.tools import ToolDefinition
from graph.tools.contracts import Invocation, ToolFailed
from knowledge.fetching.allowlist import check_allowed
from knowledge.fetching.refusals import Refused
from knowledge.fetching.urls import parse

EVENT: Final = "tool.call"
MAX_TARGET: Final = 8000
"""Characters of path and query; servers refuse longer ones."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request, ready to be sent."""

    method: str
    url: httpx2.URL
    headers: Mapping[str, str]
    body: bytes | None


def request_of(definition: ToolDefinition, secret: str, invocation: Invocation, now: datetime) -> Request:
    """Return the signed request of a call. Pure.

    Raises:
        ToolFailed: the tool's address or secret cannot be used, or the arguments do not fit into an address.
    """
    url = target_of(str(definition.url))
    about = {name: getattr(invocation, name) for name in ("company_id", "user_id", "conversation_id", "call_id")}
    if definition.method == "GET":
        url, body = (
            _with_query(url, {**invocation.arguments, **{f"_{name}": text for name, text in about.items()}}),
            None,
        )
        signed = f'"{url.raw_path.decode()}"'
    else:
        data = {"tool": definition.name, "arguments": invocation.arguments, **about}
        body = orjson.dumps({"type": EVENT, "timestamp": now.isoformat(), "data": data})
        signed = body.decode()
    return Request(definition.method, url, _headers(secret, invocation.key, signed, now), body)


def target_of(url: str) -> httpx2.URL:
    """Return an address in the one spelling that is checked and used; raises ToolFailed for one that is not usable."""
    try:
        target = parse(url)
        check_allowed(target, ())  # no mail server, no shell
    except Refused as refused:
        raise ToolFailed(refused.code, "the tool's address cannot be used") from refused
    return target


def _headers(secret: str, key: str, signed: str, now: datetime) -> dict[str, str]:
    try:
        signature = Webhook(secret).sign(key, now, signed)
    except ValueError as error:  # not base64
        raise ToolFailed("misconfigured", "the tool is not set up correctly") from error
    return {
        "Content-Type": "application/json",
        "Accept": "application/json, text/plain;q=0.5",
        "Accept-Encoding": "gzip, deflate",
        "User-Agent": "onboarding-agent",
        "Idempotency-Key": key,
        "webhook-id": key,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }


def _with_query(url: httpx2.URL, arguments: Mapping[str, Any]) -> httpx2.URL:
    pairs = [(name, _plain(item)) for name, value in arguments.items() for item in _items(value)]
    before = f"{url.query.decode()}&" if url.query else ""
    whole = url.copy_with(query=(before + urlencode(pairs)).encode())
    if len(whole.raw_path) > MAX_TARGET:
        raise ToolFailed("arguments_too_large", "the arguments are too long for this tool")
    return whole


def _items(value: Any) -> list[Any]:
    """Return the values that a name of a query stands for: a list repeats the name."""
    return value if isinstance(value, list) else [value]


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    return orjson.dumps(value).decode()
