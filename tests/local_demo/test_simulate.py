import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import stamina
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from core.events import MAX_EVENTS, EventBatch
from local.simulate import (
    FLUSH_SECONDS,
    HISTORY,
    LIVE_WINDOW,
    SimulationFailed,
    plan,
    schedule,
    simulate,
)

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


class FakeTime:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_the_same_seed_and_moment_give_the_same_events() -> None:
    assert plan(30, 4, NOW) == plan(30, 4, NOW)
    assert plan(30, 4, NOW) != plan(30, 5, NOW)
    ids = [event.event_id for user in plan(30, 4, NOW) for event in user.events]
    assert len(set(ids)) == len(ids)
    later = {event.event_id for user in plan(30, 4, NOW + timedelta(hours=1)) for event in user.events}
    assert not later & set(ids)


def test_another_run_brings_other_people() -> None:
    later = plan(30, 4, NOW + timedelta(hours=1))
    assert not {user.user_id for user in plan(30, 4, NOW)} & {user.user_id for user in later}


def test_every_users_events_are_in_order_on_one_side_or_the_other_of_now() -> None:
    users = plan(100, 1, NOW)
    live = [user for user in users if user.events[-1].timestamp > NOW]
    assert 10 < len(live) < 40
    for user in users:
        times = [event.timestamp for event in user.events]
        assert times == sorted(times)
        assert {event.user_id for event in user.events} == {user.user_id}
    for user in live:
        assert NOW < user.events[0].timestamp <= NOW + LIVE_WINDOW + timedelta(seconds=1)
    earliest = min(user.events[0].timestamp for user in users)
    assert NOW - HISTORY - timedelta(hours=1) < earliest < NOW - timedelta(hours=4)


def test_batches_hold_every_event_once_and_none_before_its_time() -> None:
    users = plan(60, 2, NOW)
    batches = schedule(users, NOW)
    sent = [event.event_id for batch in batches for event in batch.events]
    assert Counter(sent) == Counter(event.event_id for user in users for event in user.events)
    assert [batch.due for batch in batches] == sorted(batch.due for batch in batches)
    for batch in batches:
        assert 0 < len(batch.events) <= MAX_EVENTS
        ahead = [(event.timestamp - NOW).total_seconds() for event in batch.events]
        assert all(batch.due - FLUSH_SECONDS <= second <= batch.due for second in ahead) or batch.due == 0
        assert batch.due > 0 or max(ahead) <= 0


def test_nobody_makes_no_batch() -> None:
    assert plan(0, 1, NOW) == ()
    assert schedule((), NOW) == ()


async def test_posts_everything_in_the_shape_of_the_contract(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api/v1/events", method="POST", headers={"X-API-Key": "pk_public"}).respond_with_json(
        {"accepted": 1}, status=202
    )
    time = FakeTime()
    report = await simulate(
        25, httpserver.url_for("").rstrip("/"), "pk_public", now=NOW, seed=3, clock=time.clock, sleep=time.sleep
    )
    posted = [EventBatch.model_validate_json(request.data) for request, _ in httpserver.log]
    planned = [event for user in plan(25, 3, NOW) for event in user.events]
    assert {event.event_id: event for batch in posted for event in batch.events} == {e.event_id: e for e in planned}
    assert (report.users, report.events, report.batches) == (25, len(planned), len(posted))
    assert sum(report.personas.values()) == 25
    for batch in posted:
        assert batch.sent_at is not None
        assert max(event.timestamp for event in batch.events) <= batch.sent_at
    assert time.now > 100


async def test_the_secret_key_is_used_when_there_is_one(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api/v1/events", headers={"X-API-Key": "sk_secret"}).respond_with_data(status=202)
    time = FakeTime()
    url = httpserver.url_for("").rstrip("/")
    await simulate(1, url, "pk_public", secret_key="sk_secret", now=NOW, clock=time.clock, sleep=time.sleep)
    httpserver.check_assertions()


@pytest.mark.parametrize("status", [429, 503])
async def test_comes_back_when_told_to(httpserver: HTTPServer, status: int) -> None:
    received: list[str] = []
    answers = iter([Response(status=status, headers={"Retry-After": "0"}), Response(status=status, headers={})])

    def answer(request: Request) -> Response:
        refusal = next(answers, None)
        if refusal is None:
            received.extend(event["event_id"] for event in json.loads(request.data)["events"])
        return refusal or Response(status=202)

    httpserver.expect_request("/api/v1/events").respond_with_handler(answer)
    time = FakeTime()
    url = httpserver.url_for("").rstrip("/")
    report = await simulate(3, url, "pk_public", now=NOW, clock=time.clock, sleep=time.sleep)
    assert len(received) == len(set(received)) == report.events


async def test_a_refusal_is_not_repeated(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api/v1/events").respond_with_data("unknown key", status=401)
    with pytest.raises(SimulationFailed, match="401: unknown key"):
        await simulate(3, httpserver.url_for("").rstrip("/"), "pk_wrong", now=NOW)
    assert len(httpserver.log) == 1


async def test_an_api_that_stays_away_is_named(closed_origin: str) -> None:
    with stamina.set_testing(True, attempts=2), pytest.raises(SimulationFailed, match="cannot be reached"):
        await simulate(3, closed_origin, "pk_public", now=NOW)
