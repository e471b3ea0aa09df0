import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from prometheus_client import CollectorRegistry
from psycopg.rows import dict_row
from redis.asyncio import Redis

from core.config import CompanyConfig, RestraintRules
from core.events import AcceptedEvent
from core.ids import nudge_id, turn_id
from core.nudges import Nudge, NudgeContent, NudgeType, complete_nudge
from core.streams import TURNS, decode_turn, encode_event, session_key
from db import configs, nudges, users
from db.pool import Database
from detection.window import decode_window
from stream_consumer.candidates import TurnMaker
from stream_consumer.companies import Companies
from stream_consumer.entries import DONE, Entry
from stream_consumer.events import EventsHandler
from stream_consumer.metrics import ConsumerMetrics
from stream_consumer.windows import WindowStore
from tests.stream_consumer.harness import QUICK, STREAM, Running, eventually, pending, running
from tests.stream_consumer.stories import event, publish, stuck, walk


def handler_of(database: Database, redis: Redis) -> EventsHandler:
    metrics = ConsumerMetrics(CollectorRegistry())
    return EventsHandler(database, WindowStore(redis, 1), Companies(database), TurnMaker(database, redis, 1, metrics))


async def drain(database: Database, redis: Redis, events: Sequence[AcceptedEvent], *, consumers: int = 1) -> None:
    """Publish events and let the role work until nothing is left."""
    await publish(redis, events)
    async with Consumers(database, redis, consumers):
        await eventually(lambda: _none_left(redis))


class Consumers:
    def __init__(self, database: Database, redis: Redis, count: int) -> None:
        self._contexts = [running(redis, handler_of(database, redis), QUICK) for _ in range(count)]

    async def __aenter__(self) -> list[Running]:
        return [await context.__aenter__() for context in self._contexts]

    async def __aexit__(self, *error: Any) -> None:
        for context in self._contexts:
            await context.__aexit__(*error)


async def _none_left(redis: Redis) -> bool:
    return await redis.xlen(STREAM) == 0 and await pending(redis) == 0


def rows(database_url: str, query: str) -> list[dict[str, Any]]:
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


async def published(redis: Redis) -> list[str]:
    return [decode_turn(fields[b"d"]).turn_id for _, fields in await redis.xrange(TURNS)]


async def test_events_are_stored_once_however_often_they_come(
    database: Database, redis: Redis, company: Any, database_url: str
) -> None:
    told = [one for number in range(4) for one in walk(company.company_id, f"u{number}", 12)]
    await drain(database, redis, [*told, *told[:20], *told])
    stored = rows(database_url, "SELECT event_id, user_id, trace_id, properties FROM events")
    assert sorted(row["event_id"] for row in stored) == sorted(one.event_id for one in told)
    seen = rows(database_url, "SELECT user_id, first_seen_at, last_seen_at FROM users ORDER BY user_id")
    assert [row["user_id"] for row in seen] == ["u0", "u1", "u2", "u3"]
    assert [row["first_seen_at"] for row in seen] == [told[0].corrected_at] * 4
    assert [row["last_seen_at"] for row in seen] == [told[11].corrected_at] * 4
    assert len(rows(database_url, "SELECT * FROM sessions")) == 4


async def test_a_batch_of_several_companies_is_kept_apart(
    database: Database, redis: Redis, company: Any, other_company: Any, database_url: str
) -> None:
    ids = (company.company_id, other_company.company_id)
    await drain(
        database, redis, [one for pair in zip(*(walk(key, "same", 5) for key in ids), strict=True) for one in pair]
    )
    stored = rows(database_url, "SELECT company_id::text, count(*) FROM events GROUP BY 1")
    assert {row["company_id"]: row["count"] for row in stored} == dict.fromkeys(ids, 5)


async def test_a_signal_becomes_a_turn_with_a_receipt(
    database: Database, redis: Redis, company: Any, database_url: str
) -> None:
    await drain(database, redis, [*walk(company.company_id, "u", 5), *stuck(company.company_id, "u")])
    (row,) = rows(
        database_url, "SELECT turn_id::text, status, outcome, user_id, session_id, trace_id, receipt FROM turns"
    )
    assert (row["status"], row["outcome"], row["user_id"]) == ("queued", None, "u")
    assert (row["session_id"], row["trace_id"]) == ("session-u", "trace-u-100")
    assert [(step["step"], step["outcome"]) for step in row["receipt"]] == [
        ("detect", "explicit_stuck"),
        ("restrain", "allow"),
    ]
    assert await published(redis) == [row["turn_id"]]


async def test_a_signal_held_back_is_stored_with_the_reason_and_not_run(
    database: Database, redis: Redis, company: Any, database_url: str
) -> None:
    config = CompanyConfig(restraint=RestraintRules(kill_switch=True))
    async with database.transaction(company.company_id) as connection:
        await configs.save(connection, company.company_id, config, "system", datetime.now(UTC))
    await drain(database, redis, stuck(company.company_id, "u"))
    (row,) = rows(database_url, "SELECT status, outcome, finished_at, receipt FROM turns")
    assert (row["status"], row["outcome"]) == ("denied", "kill_switch")
    assert row["finished_at"] is not None
    assert row["receipt"][1]["reason"] == "kill_switch"
    assert await published(redis) == []


async def test_of_two_signals_of_one_moment_the_more_telling_runs_and_the_other_pays_nothing(
    database: Database, redis: Redis, company: Any, database_url: str
) -> None:
    failures = [
        event(
            company.company_id, "u", 200 + number, "submit_failed", target_element="#form", properties={"form": "#form"}
        )
        for number in range(3)
    ]
    told = [*stuck(company.company_id, "u"), *failures]
    await drain(database, redis, told)
    await drain(database, redis, told)
    stored = rows(database_url, "SELECT turn_id::text, status, outcome, signal->>'kind' AS kind FROM turns")
    by_kind = {row["kind"]: row for row in stored}
    assert {kind: (row["status"], row["outcome"]) for kind, row in by_kind.items()} == {
        "validation_loop": ("queued", None),
        "explicit_stuck": ("denied", "minimum_gap"),
    }
    assert set(await published(redis)) == {by_kind["validation_loop"]["turn_id"]}


async def test_a_holdout_users_turn_runs_although_it_is_denied(
    database: Database, redis: Redis, company: Any, database_url: str
) -> None:
    config = CompanyConfig(restraint=RestraintRules(holdout_percent=50))
    async with database.transaction(company.company_id) as connection:
        await configs.save(connection, company.company_id, config, "system", datetime.now(UTC))
    await drain(database, redis, [one for number in range(20) for one in stuck(company.company_id, f"u{number}")])
    stored = rows(database_url, "SELECT status, receipt FROM turns")
    reasons = [row["receipt"][1]["reason"] for row in stored]
    assert {row["status"] for row in stored} == {"queued"}
    assert {"holdout", None} == set(reasons)
    assert len(await published(redis)) == 20


async def test_a_signal_that_comes_again_makes_the_same_turn(
    database: Database, redis: Redis, company: Any, database_url: str
) -> None:
    told = [*walk(company.company_id, "u", 5), *stuck(company.company_id, "u")]
    await drain(database, redis, told)
    await redis.delete(session_key(company.company_id, "u"))
    await drain(database, redis, told)
    (row,) = rows(database_url, "SELECT turn_id::text FROM turns")
    assert set(await published(redis)) == {row["turn_id"]}


async def test_a_lost_window_is_made_anew_from_the_rows(
    database: Database, redis: Redis, company: Any, database_url: str
) -> None:
    first, second, third = (
        event(company.company_id, "u", number, "submit_failed", properties={"form": "#f"}) for number in (1, 2, 3)
    )
    await drain(database, redis, [first, second])
    await redis.flushall()
    await drain(database, redis, [third])
    (row,) = rows(database_url, "SELECT signal FROM turns")
    assert row["signal"]["kind"] == "validation_loop"
    assert [one["event_id"] for one in row["signal"]["evidence"]] == [told.event_id for told in (first, second, third)]


async def test_two_consumers_fold_one_user_together_and_lose_nothing(
    database: Database, redis: Redis, company: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = walk(company.company_id, "u", 20)
    both_read, loads = asyncio.Barrier(2), 0
    load = WindowStore.load

    async def racing(self: WindowStore, keys: Any) -> Any:
        nonlocal loads
        loads += 1
        windows = await load(self, keys)
        if loads <= 2:
            await both_read.wait()
        return windows

    monkeypatch.setattr(WindowStore, "load", racing)
    one, two = handler_of(database, redis), handler_of(database, redis)
    entries = [Entry(STREAM, b"1-%d" % number, encode_event(each)) for number, each in enumerate(told)]
    assert await asyncio.gather(one.handle(entries[::2]), two.handle(entries[1::2])) == [[DONE] * 10] * 2
    assert loads == 3  # the loser read again
    window = decode_window((await redis.hget(session_key(company.company_id, "u"), "d")) or b"")
    assert [entry.event_id for entry in window.recent.entries] == [each.event_id for each in told[1:]]


async def test_an_entry_that_holds_no_event_or_cannot_be_stored_goes_to_the_dead_letters_alone(
    database: Database, redis: Redis, company: Any, database_url: str
) -> None:
    good = walk(company.company_id, "u", 8)
    nul = event(company.company_id, "u", 50, properties={"text": "a\x00b"})
    stranger = event("00000000-0000-7000-8000-000000000000", "u", 51)
    await publish(redis, good[:4])
    for payload in (
        b"{}",
        b"[1,2]",
        b"",
        b'[1,"not-a-uuid","e","u","s","click",null,null,1,1,1,{},"t"]',
        b"[1,2,3,4,5,6,7,8,9,10,11,12,13]",
    ):
        await redis.xadd(STREAM, {b"d": payload})
    await publish(redis, [nul, stranger, *good[4:]])
    async with Consumers(database, redis, 1):
        await eventually(lambda: _none_left(redis))
    letters = [fields for _, fields in await redis.xrange(f"{STREAM}:dead")]
    assert len(letters) == 7
    assert {letter[b"attempts"] for letter in letters} == {b"3"}
    stored = rows(
        database_url, "SELECT event_id FROM events WHERE company_id <> '00000000-0000-7000-8000-000000000000'"
    )
    assert sorted(row["event_id"] for row in stored) == sorted(one.event_id for one in good)


async def saved_nudge(database: Database, company_id: str, user_id: str) -> str:
    """A nudge of this user, pending."""
    from core.turns import Evidence, Signal, Turn

    evidence = Evidence(event_id="e", event_type="help_click", at=datetime.now(UTC))
    signal = Signal(kind="explicit_stuck", stuck_point="crm", evidence=(evidence,), detected_at=datetime.now(UTC))
    key = turn_id(company_id, user_id, "explicit_stuck", "crm", "e")
    turn = Turn(
        turn_id=key,
        company_id=company_id,
        user_id=user_id,
        session_id="s",
        signal=signal,
        created_at=datetime.now(UTC),
        trace_id="t",
    )
    content = NudgeContent(nudge_type=NudgeType.TOOLTIP, title="Connect", body="Press the button.")
    nudge: Nudge = complete_nudge(content, nudge_id(key), "crm", datetime(2099, 1, 1, tzinfo=UTC))
    async with database.transaction(company_id) as connection:
        await nudges.insert(connection, nudge, turn, datetime.now(UTC))
    return nudge.nudge_id


async def test_acknowledgements_move_the_users_own_nudge_alone(
    database: Database, redis: Redis, company: Any, database_url: str
) -> None:
    company_id = company.company_id
    mine, theirs = await saved_nudge(database, company_id, "u"), await saved_nudge(database, company_id, "v")
    told = [
        event(company_id, "u", 1, "nudge_shown", properties={"nudge_id": mine}, session_id="ws:1"),
        event(company_id, "u", 2, "nudge_clicked", properties={"nudge_id": theirs}, session_id="ws:1"),
        event(company_id, "u", 3, "nudge_clicked", properties={"nudge_id": "nonsense"}),
        event(company_id, "u", 4, "nudge_clicked", properties={}),
    ]
    await drain(database, redis, told)
    stored = rows(database_url, "SELECT user_id, status FROM nudges ORDER BY user_id")
    assert [(row["user_id"], row["status"]) for row in stored] == [("u", "shown"), ("v", "pending")]
    assert len(rows(database_url, "SELECT * FROM events")) == 4
    assert rows(database_url, "SELECT * FROM sessions") == []
    assert await redis.exists(f"{STREAM}:dead") == 0


async def test_an_anonymous_visitor_becomes_a_user(
    database: Database, redis: Redis, company: Any, database_url: str
) -> None:
    company_id = company.company_id
    await drain(database, redis, walk(company_id, "anon_1", 3))
    merged = event(company_id, "u", 9, "user_merged", properties={"anonymous_id": "anon_1"}, session_id="identify")
    await drain(database, redis, [merged, replace(merged, event_id="other", properties={})])
    async with database.transaction(company_id) as connection:
        assert (await users.standing(connection, company_id, "anon_1")).merged_into == "u"


async def test_idle_deadlines_are_set_for_users_on_a_page(database: Database, redis: Redis, company: Any) -> None:
    changed = event(company.company_id, "u", 3, "change", properties={"form": "#f"})
    await drain(database, redis, [event(company.company_id, "u", 1, "page_view"), changed])
    ((member, at_ms),) = await redis.zrange("idle_deadlines:{0}", 0, -1, withscores=True)
    assert member == f"{company.company_id}:u".encode()
    assert at_ms == changed.corrected_ms + CompanyConfig().detection.form_abandonment.idle_ms


async def test_the_cache_of_companies_is_believed_for_two_seconds_and_bounded(
    database: Database, company: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    companies = Companies(database, clock=lambda: now)
    key = company.company_id
    assert (await companies.get([key]))[key].version == 0
    async with database.transaction(key) as connection:
        await configs.save(connection, key, CompanyConfig(), "system", datetime.now(UTC))
    assert (await companies.get([key]))[key].version == 0
    now = 2.0
    assert (await companies.get([key]))[key].version == 1
    monkeypatch.setattr("stream_consumer.companies.KEPT", 1)
    await asyncio.gather(*(companies.get([f"00000000-0000-7000-8000-{number:012}"]) for number in range(5)))
    assert len(companies._known) == 1
