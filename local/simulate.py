"""Synthetic users for `up --simulate N`: their events are planned by pure code, then posted like those of any browser.

Most users were there within the past hours: their events go out at once, as an offline browser's queue would. The
rest act now: their events go out when they are due.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx2
import stamina

from core.events import Event
from core.ids import derive_id
from local.personas import PERSONAS, Action, deal

LIVE_SHARE = 0.25
"""Share of the users who act now instead of having acted before."""
HISTORY = timedelta(hours=6)
"""How far back the others are spread."""
LIVE_WINDOW = timedelta(minutes=2)
"""Within this the live users arrive; they then take as long as they take."""
FLUSH_SECONDS = 5
"""Live events wait so long at most before they are posted, as in a browser."""
BATCH_EVENTS = 200
RETRIED = frozenset({429, 503})
ORIGIN = "https://app.curlewfield.example"


@dataclass(frozen=True, slots=True)
class SimulatedUser:
    """One planned user; events are in order of time."""

    user_id: str
    persona: str
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Events to post together, `due` seconds after the start of the simulation (0 for what is past)."""

    due: float
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class SimulationReport:
    """What was done: users by persona, and the events and requests that the API accepted."""

    users: int
    personas: Mapping[str, int]
    events: int
    batches: int


class SimulationFailed(Exception):
    """The API refused the events for a reason that waiting does not mend, or stayed away too long."""


async def simulate(
    count: int,
    api_url: str,
    public_key: str,
    *,
    now: datetime,
    secret_key: str | None = None,
    seed: int = 0,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> SimulationReport:
    """Plan `count` users and post their events to `api_url` (an origin); returns when the last live user is done.

    With a `secret_key` the events come from the host's server, which is not bound to the company's allowed origins.
    `clock` (seconds) and `sleep` pace the live users. The same `seed` and `now` give the same events with the same
    ids. Raises `SimulationFailed`.
    """
    users = plan(count, seed, now)
    batches = schedule(users, now)
    began = clock()

    def elapsed() -> float:
        return clock() - began

    async with httpx2.AsyncClient(base_url=api_url, headers={"X-API-Key": secret_key or public_key}) as client:
        for batch in batches:
            await sleep(max(0.0, batch.due - elapsed()))
            await _post(client, batch, lambda: now + timedelta(seconds=elapsed()))
    return SimulationReport(
        users=len(users),
        personas=Counter(user.persona for user in users),
        events=sum(len(batch.events) for batch in batches),
        batches=len(batches),
    )


def plan(count: int, seed: int, now: datetime) -> tuple[SimulatedUser, ...]:
    """Decide who comes, when, and what they do; `now` divides those who were there from those who come."""
    names = deal(count, random.Random(f"{seed}"))  # noqa: S311 - behaviour, not secrets
    return tuple(_plan_user(index, name, seed, now) for index, name in enumerate(names))


def schedule(users: Sequence[SimulatedUser], now: datetime) -> tuple[Batch, ...]:
    """Group all events by the moment at which they go out, each group in order of time and of a size the API takes."""
    slots: dict[float, list[Event]] = {}
    for event in sorted((event for user in users for event in user.events), key=lambda event: event.timestamp):
        slots.setdefault(_due(event, now), []).append(event)
    return tuple(
        Batch(due, tuple(events[start : start + BATCH_EVENTS]))
        for due, events in sorted(slots.items())
        for start in range(0, len(events), BATCH_EVENTS)
    )


def _plan_user(index: int, persona: str, seed: int, now: datetime) -> SimulatedUser:
    rng = random.Random(f"{seed}:{index}")  # noqa: S311 - behaviour, not secrets
    actions = list(PERSONAS[persona](rng))
    length = timedelta(seconds=sum(action.pause for action in actions))
    live = rng.random() < LIVE_SHARE
    moment = now + LIVE_WINDOW * rng.random() if live else now - length - HISTORY * rng.random()
    # Each run brings new people, since nobody goes through the same onboarding twice.
    user_id = f"sim-{seed}-{now:%Y%m%dT%H%M%S}-{index:04d}"
    events = []
    for position, action in enumerate(actions):
        moment += timedelta(seconds=action.pause)
        event_id = derive_id("simulated", user_id, now.isoformat(), str(position))
        events.append(_event(action, user_id, event_id, moment))
    return SimulatedUser(user_id, persona, tuple(events))


def _event(action: Action, user_id: str, event_id: str, moment: datetime) -> Event:
    return Event(
        event_id=event_id,
        user_id=user_id,
        session_id=f"{user_id}-1",
        event_type=action.event_type,
        target_element=action.element,
        page_url=f"{ORIGIN}{action.path}",
        timestamp=moment,
        properties=dict(action.properties),
    )


def _due(event: Event, now: datetime) -> float:
    ahead = (event.timestamp - now).total_seconds()
    return 0.0 if ahead <= 0 else (ahead // FLUSH_SECONDS + 1) * FLUSH_SECONDS


async def _post(client: httpx2.AsyncClient, batch: Batch, wall_clock: Callable[[], datetime]) -> None:
    events = [event.model_dump(mode="json") for event in batch.events]
    try:
        async for attempt in stamina.retry_context(on=_wait_before_retry, attempts=8, timeout=60):
            with attempt:
                body = {"sent_at": wall_clock().isoformat(), "events": events}
                (await client.post("/api/v1/events", json=body)).raise_for_status()
    except httpx2.HTTPStatusError as error:
        raise SimulationFailed(f"the API answered {error.response.status_code}: {error.response.text[:300]}") from error
    except httpx2.TransportError as error:
        raise SimulationFailed(f"the API cannot be reached: {type(error).__name__}") from error


def _wait_before_retry(error: Exception) -> bool | float:
    """Whether to try again, and after how many seconds when the API says so."""
    if isinstance(error, httpx2.HTTPStatusError) and error.response.status_code in RETRIED:
        asked = error.response.headers.get("Retry-After", "")
        return float(asked) if asked.isdecimal() else True
    return isinstance(error, httpx2.TransportError)
