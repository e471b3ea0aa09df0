"""Users and what they do, told in few words, as the API would put it into the stream."""

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from redis.asyncio import Redis

from core.events import AcceptedEvent
from core.ids import derive_id
from core.streams import EVENTS, encode_event

NOW_MS = int(time.time() * 1000)


def event(company_id: str, user_id: str, number: int, kind: str = "click", **fields: Any) -> AcceptedEvent:
    """The user's `number`-th event, a tenth of a second after the one before."""
    at = NOW_MS - 60_000 + number * 100
    told = AcceptedEvent(
        company_id=company_id,
        event_id=derive_id("test", company_id, user_id, str(number)),
        user_id=user_id,
        session_id=f"session-{user_id}",
        event_type=kind,
        target_element="#connect",
        page_url="https://app.example/connect-crm",
        occurred_ms=at,
        corrected_ms=at,
        received_ms=at + 50,
        properties={},
        trace_id=f"trace-{user_id}-{number}",
    )
    return replace(told, **fields)


def walk(company_id: str, user_id: str, count: int, *, start: int = 0) -> list[AcceptedEvent]:
    """A user who gets on well: one page, then clicks on one thing after the other."""
    return [
        event(company_id, user_id, number, "click" if number else "page_view", target_element=f"#item-{number}")
        for number in range(start, start + count)
    ]


def stuck(company_id: str, user_id: str, *, start: int = 100) -> list[AcceptedEvent]:
    """A user who asks for help: one signal."""
    return [event(company_id, user_id, start, "help_click")]


async def publish(redis: Redis, events: Iterable[AcceptedEvent]) -> None:
    pipeline = redis.pipeline(transaction=False)
    for told in events:
        pipeline.xadd(EVENTS, {b"d": encode_event(told)})
    await pipeline.execute()
