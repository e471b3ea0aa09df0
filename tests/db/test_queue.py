"""What waits for somebody: escalations, notifications, and writes that may be sent again."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from core.errors import Conflict
from core.ids import new_id
from db import audit, escalations, idempotency, notifications

SECOND = timedelta(seconds=1)


async def opened(connection, company_id, now, user_id="u1", stuck_point="connect"):
    escalation_id = new_id()
    new = await escalations.insert(
        connection,
        company_id,
        escalation_id=escalation_id,
        turn_id=new_id(),
        user_id=user_id,
        stuck_point=stuck_point,
        alert={"headline": "stuck"},
        trace_id="t",
        now=now,
    )
    return escalation_id if new else None


async def noted(connection, company_id, now, **changes):
    notification_id = new_id()
    values = {"event": "escalation.created", "channel": "webhook", "payload": {"a": 1}, "trace_id": "t", "now": now}
    assert await notifications.insert(connection, company_id, notification_id=notification_id, **{**values, **changes})
    return notification_id


async def test_one_escalation_is_open_per_user_and_place(db, acme, now):
    async with db.transaction(acme) as connection:
        first = await opened(connection, acme, now)
        assert await opened(connection, acme, now) is None
        assert (await escalations.open_for(connection, acme, "u1", "connect"))["escalation_id"] == first
        assert await escalations.open_for(connection, acme, "u2", "connect") is None
        assert await opened(connection, acme, now, stuck_point="import")
        assert await escalations.open_stuck_points(connection, acme, "u1") == {"connect", "import"}


async def test_the_life_of_an_escalation(db, acme, rival, now):
    async with db.transaction(acme) as connection:
        first = await opened(connection, acme, now)
        change = {"actor": "admin:1", "now": now + SECOND}
        row = await escalations.update(
            connection, acme, first, status="acknowledged", assigned_to="ann", note="calls", **change
        )
        assert (row["status"], row["assigned_to"], row["note"], row["resolved_at"]) == (
            "acknowledged",
            "ann",
            "calls",
            None,
        )
        row = await escalations.update(connection, acme, first, status="resolved", assigned_to="", **change)
        assert (row["assigned_to"], row["note"], row["resolved_at"]) == (None, "calls", now + SECOND)
        assert await escalations.open_stuck_points(connection, acme, "u1") == frozenset()
        again = await opened(connection, acme, now)
        with pytest.raises(Conflict):
            await escalations.update(connection, acme, first, status="open", **change)
        await escalations.update(connection, acme, again, status="resolved", **change)
        assert (await escalations.update(connection, acme, first, status="open", **change))["resolved_at"] is None
        assert await escalations.update(connection, acme, new_id(), status="open", **change) is None
        assert await escalations.get(connection, rival, first) is None
        assert (await escalations.get(connection, acme, first))["status"] == "open"
        entries = [entry for entry in (await audit.list_(connection, acme)).items if entry["subject"] == first]
    assert len(entries) == 3
    assert "calls" not in str(entries)


async def test_pages_of_the_queue(db, acme, now):
    async with db.transaction(acme) as connection:
        kept = [await opened(connection, acme, now + (n // 2) * SECOND, user_id=f"u{n}") for n in range(5)]
        await escalations.update(connection, acme, kept[0], status="resolved", actor="system", now=now)
        first = await escalations.list_(connection, acme, status="open", limit=3)
        rest = await escalations.list_(connection, acme, status="open", cursor=first.next_cursor, limit=3)
        of_one = await escalations.list_(connection, acme, user_id="u0")
    assert {row["escalation_id"] for page in (first, rest) for row in page.items} == set(kept[1:])
    assert [row["escalation_id"] for row in of_one.items] == [kept[0]]


async def test_the_life_of_a_notification(db, acme, now):
    async with db.transaction(acme) as connection:
        sent, lost = await noted(connection, acme, now, user_id="u1"), await noted(connection, acme, now)
        assert not await notifications.insert(
            connection, acme, notification_id=sent, event="x", channel="x", payload={}, trace_id="t", now=now
        )
        assert await notifications.mark_failed(connection, acme, sent, "timeout", now, final=False)
        assert (await notifications.get(connection, acme, sent)).status == "pending"
        assert await notifications.mark_sent(connection, acme, sent, now + SECOND)
        assert not await notifications.mark_sent(connection, acme, sent, now + SECOND)
        assert not await notifications.mark_failed(connection, acme, sent, "late", now, final=True)
        assert not await notifications.requeue(connection, acme, sent, now)
        stored = await notifications.get(connection, acme, sent)
        assert await notifications.mark_failed(connection, acme, lost, "refused", now, final=True)
        assert [row["last_error"] for row in (await notifications.list_(connection, acme, status="failed")).items] == [
            "refused"
        ]
        assert await notifications.requeue(connection, acme, lost, now)
        assert (await notifications.get(connection, acme, lost)).status == "pending"
        assert await notifications.get(connection, acme, new_id()) is None
    assert (stored.status, stored.attempts, stored.last_error, stored.sent_at) == ("sent", 2, None, now + SECOND)
    assert (stored.payload, stored.user_id) == ({"a": 1}, "u1")


async def test_forgotten_notifications_of_all_companies(db, acme, rival, now):
    async with db.transaction(acme, rival) as connection:
        ours, theirs = await noted(connection, acme, now), await noted(connection, rival, now - SECOND)
        await notifications.mark_sent(connection, acme, await noted(connection, acme, now - SECOND), now - SECOND)
        await noted(connection, acme, now + SECOND)
    async with db.system() as connection:
        found = await notifications.pending(connection, now + SECOND / 2, 10)
    assert [(row.company_id, row.notification_id) for row in found] == [(rival, theirs), (acme, ours)]


async def claim(db, company_id, key, request_hash=b"hash"):
    async with db.transaction(company_id) as connection:
        return await idempotency.claim(connection, company_id, key, request_hash)


async def test_a_second_request_gets_the_first_answer_in_its_order(db, acme, rival):
    async with db.transaction(acme) as connection:
        assert await idempotency.claim(connection, acme, "k", b"hash") == idempotency.Claimed()
        await idempotency.complete(connection, acme, "k", 201, {"z": 1, "a": [None]})
    replay = await claim(db, acme, "k")
    assert (replay.status, list(replay.body)) == (201, ["z", "a"])
    assert await claim(db, acme, "k", b"other") == idempotency.Conflict(under_way=False)
    assert await claim(db, rival, "k") == idempotency.Claimed()


async def test_a_request_that_failed_leaves_no_claim(db, acme):
    with pytest.raises(RuntimeError):  # noqa: PT012 - the transaction is what is under test
        async with db.transaction(acme) as connection:
            await idempotency.claim(connection, acme, "k", b"hash")
            raise RuntimeError
    assert await claim(db, acme, "k") == idempotency.Claimed()
    assert await claim(db, acme, "k") == idempotency.Conflict(under_way=True)
    async with db.transaction(acme) as connection:
        await idempotency.release(connection, acme, "k")
    assert await claim(db, acme, "k") == idempotency.Claimed()


async def test_a_request_at_the_same_time_waits_for_the_answer(db, acme):
    async def write():
        async with db.transaction(acme) as connection:
            found = await idempotency.claim(connection, acme, "k", b"hash")
            if isinstance(found, idempotency.Claimed):
                await connection.execute("SELECT pg_sleep(0.05)")
                await idempotency.complete(connection, acme, "k", 201, {"n": 1})
            return found

    results = await asyncio.gather(*(write() for _ in range(6)))
    assert results.count(idempotency.Claimed()) == 1
    assert results.count(idempotency.Replay(201, {"n": 1})) == 5


async def test_old_keys_are_forgotten_and_answers_are_not_released(db, acme):
    async with db.transaction(acme) as connection:
        await idempotency.claim(connection, acme, "k", b"hash")
        await idempotency.complete(connection, acme, "k", 200, None)
        await idempotency.release(connection, acme, "k")
        assert await idempotency.purge(connection, acme, datetime.now(UTC) - timedelta(hours=1)) == 0
        assert await idempotency.purge(connection, acme, datetime.now(UTC) + timedelta(hours=1)) == 1
