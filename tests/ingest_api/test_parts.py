"""The parts with decisions of their own: group commit, the key cache, quotas, merge patch, what is logged."""

import asyncio
import io
import logging
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.exceptions import ConnectionError, NoScriptError, ResponseError

from core.errors import RateLimited, Unauthenticated, Unavailable
from core.redis import connect
from core.security import create_api_key, hash_api_key
from ingest_api import appender, keyring
from ingest_api.access_log import AccessLog
from ingest_api.appender import Appender
from ingest_api.exchange import Exchange
from ingest_api.intake import clean_escapes, holds_nul
from ingest_api.keyring import Grant, Keyring
from ingest_api.merge_patch import merge
from ingest_api.quota import Quota

GRANT = Grant("company", "key", "public", None)


# -- group commit


class Script:
    """Stands in for Redis at the one call that the appender makes; a test decides when and how each call ends."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.gate = asyncio.Semaphore(0)
        self.failures: list[Exception | None] = []

    async def execute_command(self, *command: Any) -> int:
        self.calls.append(command)
        await self.gate.acquire()
        if self.failures and (failure := self.failures.pop(0)) is not None:
            raise failure
        return sum(argument.count(b"\n") + 1 for argument in command[4:])

    def events(self) -> list[list[bytes]]:
        return [b"\n".join(call[4:]).split(b"\n") for call in self.calls]


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_requests_that_arrive_meanwhile_share_the_next_call_and_wait_for_it() -> None:
    script = Script()
    grouped = Appender(script)  # type: ignore[arg-type]
    first = asyncio.create_task(grouped.append({"s": [b"a", b"b"]}))
    await settle()
    others = [asyncio.create_task(grouped.append({"s": [str(n).encode()]})) for n in range(3)]
    await settle()
    assert script.events() == [[b"a", b"b"]]

    script.gate.release()
    await settle()

    assert first.done()
    assert not any(task.done() for task in others)
    assert script.events() == [[b"a", b"b"], [b"0", b"1", b"2"]]
    script.gate.release()
    await asyncio.gather(*others)
    assert grouped.waiting == 0


async def test_one_failed_call_fails_its_own_requests_alone() -> None:
    script = Script()
    script.failures = [ConnectionError("gone"), None]
    grouped = Appender(script)  # type: ignore[arg-type]
    first = asyncio.create_task(grouped.append({"s": [b"a"]}))
    await settle()
    second = asyncio.create_task(grouped.append({"s": [b"b"]}))
    await settle()
    script.gate.release()
    script.gate.release()
    outcomes = await asyncio.gather(first, second, return_exceptions=True)
    assert isinstance(outcomes[0], Unavailable)
    assert outcomes[0].retry_after
    assert outcomes[1] is None


async def test_a_fault_that_is_no_outage_stays_what_it_is() -> None:
    script = Script()
    script.failures = [ResponseError("wrong type")]
    script.gate.release()
    with pytest.raises(ResponseError):
        await Appender(script).append({"s": [b"a"]})  # type: ignore[arg-type]


async def test_an_unknown_script_is_sent_whole() -> None:
    script = Script()
    script.failures = [NoScriptError("no")]
    script.gate.release()
    script.gate.release()
    await Appender(script).append({"s": [b"a"]})  # type: ignore[arg-type]
    assert [call[0] for call in script.calls] == ["EVALSHA", "EVAL"]


async def test_a_full_queue_refuses_at_once_and_takes_again_later() -> None:
    script = Script()
    grouped = Appender(script, max_waiting=3)  # type: ignore[arg-type]
    first = asyncio.create_task(grouped.append({"s": [b"a"]}))
    await settle()
    second = asyncio.create_task(grouped.append({"s": [b"b", b"c"]}))
    await settle()
    with pytest.raises(Unavailable):
        await grouped.append({"s": [b"d", b"e"]})
    script.gate.release()
    script.gate.release()
    script.gate.release()
    await asyncio.gather(first, second, grouped.append({"s": [b"f"]}))
    assert [b"d"] not in script.events()


async def test_groups_are_bounded_but_a_large_request_goes_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appender, "MAX_GROUP", 3)
    script = Script()
    grouped = Appender(script)  # type: ignore[arg-type]
    blocker = asyncio.create_task(grouped.append({"s": [b"x"]}))
    await settle()
    tasks = [asyncio.create_task(grouped.append({"s": [b"%d" % n] * size})) for n, size in enumerate((2, 2, 5, 1, 1))]
    await settle()
    for _ in range(9):
        script.gate.release()
    await asyncio.gather(blocker, *tasks)
    assert [len(call) for call in script.events()] == [1, 2, 2, 5, 2]


async def test_a_request_given_up_disturbs_nobody() -> None:
    script = Script()
    grouped = Appender(script)  # type: ignore[arg-type]
    given_up = asyncio.create_task(grouped.append({"s": [b"a"]}))
    await settle()
    given_up.cancel()
    other = asyncio.create_task(grouped.append({"s": [b"b"]}))
    await settle()
    script.gate.release()
    script.gate.release()
    await other
    assert script.events() == [[b"a"], [b"b"]]


async def test_streams_do_not_wait_for_each_other_and_any_failure_is_told() -> None:
    script = Script()
    grouped = Appender(script)  # type: ignore[arg-type]
    both = asyncio.create_task(grouped.append({"s1": [b"a"], "s2": [b"b"]}))
    await settle()
    assert [call[3] for call in script.calls] == ["s1", "s2"]
    script.failures = [None, ConnectionError("gone")]
    script.gate.release()
    script.gate.release()
    with pytest.raises(Unavailable):
        await both


# -- the key cache


class Keys:
    """The keys that there are, and how often they were looked up."""

    def __init__(self, clock: list[float]) -> None:
        self.known: dict[bytes, Grant] = {}
        self.lookups = 0
        self.away: Exception | None = None
        self.ring = Keyring(self.load, is_outage=lambda error: isinstance(error, OSError), clock=lambda: clock[0])

    async def load(self, key_hash: bytes) -> Grant | None:
        self.lookups += 1
        await asyncio.sleep(0)
        if self.away:
            raise self.away
        return self.known.get(key_hash)


@pytest.fixture
def clock() -> list[float]:
    return [100.0]


@pytest.fixture
def keys(clock: list[float]) -> Keys:
    return Keys(clock)


async def test_a_key_is_looked_up_once_while_fresh_and_once_for_many(keys: Keys, clock: list[float]) -> None:
    key = create_api_key("public")
    keys.known[hash_api_key(key)] = GRANT
    assert set(await asyncio.gather(*(keys.ring.resolve(key) for _ in range(20)))) == {GRANT}
    clock[0] += keyring.FRESH_SECONDS - 0.1
    await keys.ring.resolve(key)
    assert keys.lookups == 1
    clock[0] += 0.2
    await keys.ring.resolve(key)
    assert keys.lookups == 2


async def test_a_revoked_key_is_refused_after_its_freshness(keys: Keys, clock: list[float]) -> None:
    key = create_api_key("secret")
    keys.known[hash_api_key(key)] = GRANT
    await keys.ring.resolve(key)
    keys.known.clear()
    clock[0] += keyring.FRESH_SECONDS + 0.1
    with pytest.raises(Unauthenticated):
        await keys.ring.resolve(key)


async def test_during_an_outage_known_keys_work_for_an_hour_and_unknown_ones_do_not(
    keys: Keys, clock: list[float]
) -> None:
    key = create_api_key("public")
    keys.known[hash_api_key(key)] = GRANT
    await keys.ring.resolve(key)
    keys.away = OSError("away")
    clock[0] += keyring.STALE_SECONDS - 1
    assert await keys.ring.resolve(key) == GRANT
    with pytest.raises(Unavailable):
        await keys.ring.resolve(create_api_key("public"))
    clock[0] += keyring.FRESH_SECONDS
    with pytest.raises(Unavailable):
        await keys.ring.resolve(key)


async def test_a_fault_is_not_taken_for_an_outage(keys: Keys) -> None:
    keys.away = KeyError("fault")
    with pytest.raises(KeyError):
        await keys.ring.resolve(create_api_key("public"))


async def test_an_unknown_key_is_remembered_for_a_moment(keys: Keys, clock: list[float]) -> None:
    key = create_api_key("public")
    for _ in range(3):
        with pytest.raises(Unauthenticated):
            await keys.ring.resolve(key)
    assert keys.lookups == 1
    clock[0] += keyring.UNKNOWN_SECONDS + 0.1
    keys.known[hash_api_key(key)] = GRANT
    assert await keys.ring.resolve(key) == GRANT


async def test_guessing_neither_grows_memory_nor_costs_a_good_key(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "MAX_UNKNOWN", 10)
    monkeypatch.setattr(keyring, "MAX_KNOWN", 3)
    key = create_api_key("public")
    keys.known[hash_api_key(key)] = GRANT
    await keys.ring.resolve(key)
    for n in range(50):
        with pytest.raises(Unauthenticated):
            await keys.ring.resolve(f"pk_guess{n}")
    assert len(keys.ring._unknown) == 10
    assert len(keys.ring._known) == 1
    for n in range(9):
        keys.known[hash_api_key(f"pk_{n}")] = GRANT
        await keys.ring.resolve(f"pk_{n}")
    assert len(keys.ring._known) == 3


@pytest.mark.parametrize("key", ["", "x", "pk", "sk_" + "x" * 200, "Bearer pk_x"])
async def test_what_cannot_be_a_key_is_not_looked_up(keys: Keys, key: str) -> None:
    with pytest.raises(Unauthenticated):
        await keys.ring.resolve(key)
    assert keys.lookups == 0


@pytest.mark.parametrize(
    ("origins", "origin", "allowed"),
    [
        (None, "https://a", True),
        (frozenset({"https://a"}), "https://a", True),
        (frozenset({"https://a"}), "https://b", False),
        (frozenset({"https://a"}), "null", False),
        (frozenset({"https://a"}), None, True),
    ],
)
def test_origins(origins: frozenset[str] | None, origin: str | None, allowed: bool) -> None:
    assert Grant("c", "k", "public", origins).allows_origin(origin) is allowed


# -- quotas


async def test_two_processes_share_a_quota_after_an_exchange(redis_url: str) -> None:
    now = [1000.0]
    redis = connect(redis_url)
    one, two = (Quota(redis, limit=10, window=60, clock=lambda: now[0]) for _ in range(2))
    for _ in range(6):
        one.admit("k")
    for _ in range(3):
        two.admit("k")
    await one.exchange()
    await two.exchange()
    two.admit("k")
    with pytest.raises(RateLimited) as refused:
        two.admit("k")
    assert refused.value.retry_after == 20.0
    two.admit("another key")
    one.admit("k")
    await one.exchange()
    with pytest.raises(RateLimited):
        one.admit("k")
    now[0] = 1020.0
    one.admit("k")
    await redis.aclose()


async def test_without_redis_each_process_goes_on_counting() -> None:
    redis = connect("unix:///nowhere.sock")
    quota = Quota(redis, limit=3, window=60, clock=lambda: 1000.0)
    for _ in range(2):
        quota.admit("k")
        with pytest.raises(ConnectionError):
            await quota.exchange()
    quota.admit("k")
    with pytest.raises(RateLimited):
        quota.admit("k")


async def test_the_exchange_survives_outages_and_tells_of_faults(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("ingest_api.quota.EXCHANGE_SECONDS", 0)
    quota = Quota(connect("unix:///nowhere.sock"), limit=3, window=60)
    failures: list[Exception] = [OSError("away"), ValueError("fault")]
    seen = asyncio.Event()

    async def exchange() -> None:
        if failures:
            raise failures.pop(0)
        seen.set()

    monkeypatch.setattr(quota, "exchange", exchange)
    task = asyncio.create_task(quota.run())
    await asyncio.wait_for(seen.wait(), 5)
    task.cancel()
    assert [record.message for record in caplog.records] == ["quota.exchange_failed"]


# -- text, patches, the access log


@given(st.text())
def test_clean_text_stays_as_it_is(text: str) -> None:
    body = orjson.dumps(text)
    assert orjson.loads(clean_escapes(body)) == text.replace("\0", "\ufffd")
    assert holds_nul(body) == ("\0" in text)


@given(st.lists(st.sampled_from(["\\ud83d", "\\ude00", "\\u0000", "\\\\", "\\n", "u0000", "x", "\\u00e9", '\\"'])))
def test_whatever_is_escaped_becomes_text_that_can_be_stored(parts: list[str]) -> None:
    cleaned = orjson.loads(clean_escapes(f'"{"".join(parts)}"'.encode()))
    assert "\0" not in cleaned
    assert cleaned.encode().decode() == cleaned


# RFC 7396, appendix A.
PATCHES: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("target", "patch", "result"), PATCHES)
def test_merge_patch(target: Any, patch: Any, result: Any) -> None:
    assert merge(target, patch) == result


async def test_the_access_log_writes_lines_together(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for form in ("json", "console"):
        stream = io.StringIO()
        log = AccessLog(form=form, stream=stream)
        exchange = Exchange("trace-1", 0.0, 202, company_id="c", events=3)
        log.note(exchange, "POST", "/api/v1/events", 0.0015)
        assert stream.getvalue() == ""
        log.flush()
        log.flush()
        line = stream.getvalue()
        if form == "json":
            assert {**orjson.loads(line), "at": ""} == {
                "at": "", "level": "info", "process": "api", "logger": "ingest_api.access", "event": "request",
                "trace_id": "trace-1", "method": "POST", "route": "/api/v1/events", "status": 202, "ms": 1.5,
                "company_id": "c", "events": 3,
            }  # fmt: skip
        else:
            assert "trace_id=trace-1" in line
            assert "status=202" in line


async def test_the_access_log_is_bounded_timed_and_can_be_off(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr("ingest_api.access_log.MAX_HELD", 3)
    monkeypatch.setattr("ingest_api.access_log.FLUSH_SECONDS", 0.01)
    stream = io.StringIO()
    log = AccessLog(stream=stream)
    for _ in range(3):
        log.note(Exchange("t", 0.0, 200), "GET", "/x", 0.0)
    assert stream.getvalue().count("\n") == 3
    log.note(Exchange("t", 0.0, 200), "GET", "/x", 0.0)
    await asyncio.sleep(0.1)
    assert stream.getvalue().count("\n") == 4
    caplog.set_level(logging.WARNING)
    log.note(Exchange("t", 0.0, 200), "GET", "/x", 0.0)
    log.flush()
    assert stream.getvalue().count("\n") == 4
