"""Nudges: saved once, counted from their rows, and moved forward by reports however they come."""

import asyncio
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.config import CompanyConfig
from core.ids import new_id
from core.nudges import NudgeStatus, NudgeType, advance_status
from db import configs, escalations, nudges, users
from db.nudges import StatusReport
from db.users import Seen

SECOND = timedelta(seconds=1)
REPORTED = ["sent", "shown", "snoozed", "dismissed", "clicked"]


async def saved(connection, samples, company_id, now, **changes):
    turn = samples.turn(company_id, at=now, **changes)
    nudge = samples.nudge(turn)
    assert await nudges.insert(connection, nudge, turn, now)
    return nudge


async def row_of(connection, company_id, nudge_id):
    page = await nudges.list_(connection, company_id)
    return next(row for row in page.items if row["nudge_id"] == nudge_id)


async def test_a_turn_that_runs_again_saves_no_second_nudge(db, acme, now, samples):
    turn = samples.turn(acme)
    nudge = samples.nudge(turn)
    async with db.transaction(acme) as connection:
        assert await nudges.insert(connection, nudge, turn, now)
        assert not await nudges.insert(connection, nudge, turn, now + SECOND)
        assert await nudges.undelivered(connection, acme, "u1", now) == [nudge]


async def test_what_is_not_to_be_delivered(db, acme, now, samples):
    draft, brief, other = samples.turn(acme), samples.turn(acme), samples.turn(acme, user_id="u2")
    async with db.transaction(acme) as connection:
        await nudges.insert(connection, samples.nudge(draft, kind=NudgeType.EMAIL_DRAFT), draft, now)
        await nudges.insert(connection, samples.nudge(brief, life=SECOND), brief, now)
        await nudges.insert(connection, samples.nudge(other), other, now)
        kept = await saved(connection, samples, acme, now)
        await nudges.report(connection, [StatusReport(acme, kept.nudge_id, NudgeStatus.SENT, now)])
        assert [nudge.nudge_id for nudge in await nudges.undelivered(connection, acme, "u1", now + SECOND)] == [
            kept.nudge_id
        ]
        await nudges.report(connection, [StatusReport(acme, kept.nudge_id, NudgeStatus.SHOWN, now)])
        assert await nudges.undelivered(connection, acme, "u1", now + SECOND) == []


async def test_unseen_nudges_expire_in_the_companies_of_the_transaction(db, acme, rival, now, samples):
    async with db.transaction(acme, rival) as connection:
        ours = await saved(connection, samples, acme, now)
        seen = await saved(connection, samples, acme, now)
        theirs = await saved(connection, samples, rival, now)
        await nudges.report(connection, [StatusReport(acme, seen.nudge_id, NudgeStatus.SHOWN, now)])
    async with db.transaction(acme) as connection:
        assert await nudges.expire(connection, now + timedelta(minutes=59)) == 0
        assert await nudges.expire(connection, now + timedelta(hours=1)) == 1
        assert await nudges.expire(connection, now + timedelta(hours=1)) == 0
        assert (await row_of(connection, acme, ours.nudge_id))["status"] == "expired"
    async with db.transaction(rival) as connection:
        assert (await row_of(connection, rival, theirs.nudge_id))["status"] == "pending"


@pytest.mark.parametrize("order", list(permutations(["sent", "shown", "clicked"])))
async def test_reports_in_any_order_lead_to_the_same_row(db, acme, now, samples, order):
    at = {"sent": now + SECOND, "shown": now + 2 * SECOND, "clicked": now + 3 * SECOND}
    async with db.transaction(acme) as connection:
        nudge = await saved(connection, samples, acme, now)
        for status in order:
            await nudges.report(connection, [StatusReport(acme, nudge.nudge_id, NudgeStatus(status), at[status])])
        row = await row_of(connection, acme, nudge.nudge_id)
    assert (row["status"], row["sent_at"], row["shown_at"], row["closed_at"]) == (
        "clicked",
        at["sent"],
        at["shown"],
        at["clicked"],
    )


@given(reported=st.lists(st.lists(st.sampled_from(REPORTED), min_size=1, max_size=5), min_size=1, max_size=4))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_status_is_what_the_vocabulary_says(reported, database_url, vault, now, samples):
    from db import companies
    from db.pool import Database

    async def run():
        db = await Database.open(database_url, pool_size=1, name="test")
        try:
            company = (await companies.found(db, vault, "Acme", now)).company_id
            async with db.transaction(company) as connection:
                nudge = await saved(connection, samples, company, now)
                current = NudgeStatus.PENDING
                for batch in reported:
                    moved = await nudges.report(
                        connection, [StatusReport(company, nudge.nudge_id, NudgeStatus(s), now) for s in batch]
                    )
                    before = current
                    for status in batch:
                        current = advance_status(current, NudgeStatus(status))
                    assert [row.status for row in moved] == ([current] if current != before else [])
                assert (await row_of(connection, company, nudge.nudge_id))["status"] == current
        finally:
            await db.close()

    asyncio.run(run())


async def test_reports_that_concern_nobody(db, acme, rival, now, samples):
    async with db.transaction(acme, rival) as connection:
        nudge = await saved(connection, samples, acme, now)
        reports = [
            StatusReport(acme, new_id(), NudgeStatus.SHOWN, now),
            StatusReport(rival, nudge.nudge_id, NudgeStatus.SHOWN, now),
            StatusReport(acme, nudge.nudge_id, NudgeStatus.SHOWN, now, user_id="somebody else"),
        ]
        assert await nudges.report(connection, []) == []
        assert await nudges.report(connection, reports) == []
        assert (await row_of(connection, acme, nudge.nudge_id))["status"] == "pending"


@pytest.mark.parametrize("reporter", ["anon", "u1"])
async def test_a_page_may_report_under_either_name_of_a_merged_user(db, acme, now, samples, reporter):
    async with db.transaction(acme) as connection:
        nudge = await saved(connection, samples, acme, now, user_id="anon")
        await users.touch(connection, [Seen(acme, "anon", "s", now, anonymous=True)])
        await users.merge(connection, acme, "anon", "u1", now)
        report = StatusReport(acme, nudge.nudge_id, NudgeStatus.SHOWN, now, user_id=reporter)
        assert [row.user_id for row in await nudges.report(connection, [report])] == ["u1"]


async def test_one_report_of_several_companies(db, acme, rival, now, samples):
    async with db.transaction(acme, rival) as connection:
        kept = [await saved(connection, samples, company, now) for company in (acme, rival, acme)]
        owners = [acme, rival, acme]
        reports = [StatusReport(owner, nudge.nudge_id, "shown", now) for owner, nudge in zip(owners, kept, strict=True)]
        moved = await nudges.report(connection, reports)
    assert {(row.company_id, row.nudge_id) for row in moved} == {(r.company_id, r.nudge_id) for r in reports}


@pytest.mark.parametrize(("configured", "seconds"), [(None, 3600), (120, 120)])
async def test_a_first_snooze_silences_the_agent_as_configured(db, acme, now, samples, configured, seconds):
    async with db.transaction(acme) as connection:
        if configured is not None:
            config = CompanyConfig.model_validate({"restraint": {"snooze_seconds": configured}})
            await configs.save(connection, acme, config, "system", now)
        await users.touch(connection, [Seen(acme, "u1", "s", now)])
        nudge = await saved(connection, samples, acme, now)
        await nudges.report(connection, [StatusReport(acme, nudge.nudge_id, NudgeStatus.SNOOZED, now)])
        again = StatusReport(acme, nudge.nudge_id, NudgeStatus.SNOOZED, now + 900 * SECOND)
        await nudges.report(connection, [again])
        standing = await users.standing(connection, acme, "u1")
    assert (standing.snoozed_at, standing.snoozed_until) == (now, now + seconds * SECOND)


async def test_batches_that_cross_do_not_block_each_other(db, acme, now, samples):
    async with db.transaction(acme) as connection:
        kept = [await saved(connection, samples, acme, now) for _ in range(40)]

    async def report(number):
        status = NudgeStatus(REPORTED[number % len(REPORTED)])
        ordered = kept if number % 2 else kept[::-1]
        async with db.transaction(acme) as connection:
            await nudges.report(connection, [StatusReport(acme, n.nudge_id, status, now) for n in ordered])

    await asyncio.gather(*(report(number) for number in range(10)))
    async with db.transaction(acme) as connection:
        rows = (await nudges.list_(connection, acme)).items
    assert {row["status"] for row in rows} == {"clicked"}


async def test_counts_begin_anew_when_a_person_closed_the_escalation(db, acme, now, samples):
    async with db.transaction(acme) as connection:
        first = await saved(connection, samples, acme, now)
        await saved(connection, samples, acme, now, stuck_point="import")
        turn = samples.turn(acme)
        await nudges.insert(connection, samples.nudge(turn), turn, now, counts=False)
        assert await nudges.counts_by_stuck_point(connection, acme, "u1") == {"connect": 1, "import": 1}
        await escalations.insert(
            connection,
            acme,
            escalation_id=first.nudge_id,
            turn_id=first.nudge_id,
            user_id="u1",
            stuck_point="connect",
            alert={},
            trace_id="t",
            now=now,
        )
        assert await nudges.count_on_stuck_point(connection, acme, "u1", "connect") == 1
        later = now + SECOND
        await escalations.update(connection, acme, first.nudge_id, status="resolved", actor="system", now=later)
        assert await nudges.count_on_stuck_point(connection, acme, "u1", "connect") == 0
        await saved(connection, samples, acme, now + 2 * SECOND)
        assert await nudges.counts_by_stuck_point(connection, acme, "u1") == {"connect": 1, "import": 1}


async def test_one_that_expired_unseen_tried_nothing(db, acme, now, samples):
    async with db.transaction(acme) as connection:
        await saved(connection, samples, acme, now)
        await nudges.expire(connection, now + timedelta(hours=2))
        assert await nudges.count_on_stuck_point(connection, acme, "u1", "connect") == 0
        history = await nudges.history(connection, acme, "u1", now)
    assert [(past.status, past.nudge_type, past.title) for past in history] == [
        (NudgeStatus.EXPIRED, NudgeType.TOOLTIP, "Connect your CRM")
    ]


async def test_two_workers_do_not_both_find_room_under_the_cap(db, acme, now, samples):
    async def save_if_none():
        async with db.transaction(acme) as connection:
            await nudges.lock_user(connection, acme, "u1")
            if await nudges.history(connection, acme, "u1", now):
                return False
            await saved(connection, samples, acme, now)
            return True

    assert sum(await asyncio.gather(*(save_if_none() for _ in range(12)))) == 1


async def test_pages_of_nudges(db, acme, now, samples):
    async with db.transaction(acme) as connection:
        kept = [await saved(connection, samples, acme, now + (n // 3) * SECOND) for n in range(8)]
        await saved(connection, samples, acme, now, user_id="u2")
        seen, cursor = [], None
        while True:
            page = await nudges.list_(connection, acme, user_id="u1", status="pending", cursor=cursor, limit=3)
            seen += [row["nudge_id"] for row in page.items]
            if (cursor := page.next_cursor) is None:
                break
        assert (await nudges.list_(connection, acme, user_id="u1", status="clicked")).items == []
    assert sorted(seen) == sorted(nudge.nudge_id for nudge in kept)
    assert len(seen) == len(set(seen))
