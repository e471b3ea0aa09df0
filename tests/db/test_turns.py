"""Turns: one row per signal, one receipt that grows, one end."""

from datetime import timedelta

import pytest

from core.nudges import Diagnosis
from core.turns import ReceiptStep
from db import turns

MINUTE = timedelta(minutes=1)


def step(name, outcome, now):
    return ReceiptStep(step=name, outcome=outcome, at=now, facts={"n": 1})


async def test_a_turn_from_signal_to_end(db, acme, now, samples):
    turn = samples.turn(acme)
    diagnosis = Diagnosis(stuck_point="connect", inferred_reason="no key", evidence=["e1"], confidence_score=0.8)
    async with db.transaction(acme) as connection:
        assert await turns.insert(connection, turn, "queued", None, [step("restrain", "allow", now)])
        assert not await turns.insert(connection, turn, "denied", "daily_cap", [])
        assert await turns.start(connection, acme, turn.turn_id, now) == "running"
        assert await turns.start(connection, acme, turn.turn_id, now) == "running"
        ended = {"diagnosis": diagnosis, "reasoner": "rules", "prompts": {"diagnose": "1"}, "now": now + MINUTE}
        steps = [step("diagnose", "confident", now)]
        assert await turns.finish(connection, acme, turn.turn_id, "done", "nudged", receipt_steps=steps, **ended)
        assert not await turns.finish(connection, acme, turn.turn_id, "failed", "failed", receipt_steps=steps, **ended)
        assert await turns.start(connection, acme, turn.turn_id, now) == "done"
        stored = await turns.get(connection, acme, turn.turn_id)
    assert stored.turn == turn
    assert (stored.status, stored.outcome, stored.reasoner) == ("done", "nudged", "rules")
    assert stored.diagnosis == diagnosis
    assert stored.prompts == {"diagnose": "1"}
    assert [line.step for line in stored.receipt] == ["restrain", "diagnose"]
    assert stored.finished_at == now + MINUTE


async def test_a_denied_turn_is_over_at_once(db, acme, now, samples):
    turn = samples.turn(acme)
    async with db.transaction(acme) as connection:
        await turns.insert(connection, turn, "denied", "min_gap", [step("restrain", "deny", now)])
        assert await turns.start(connection, acme, turn.turn_id, now) == "denied"
        stored = await turns.get(connection, acme, turn.turn_id)
    assert (stored.status, stored.outcome, stored.finished_at) == ("denied", "min_gap", now)


async def test_an_unknown_turn(db, acme, now, samples):
    turn = samples.turn(acme)
    async with db.transaction(acme) as connection:
        assert await turns.start(connection, acme, turn.turn_id, now) is None
        assert await turns.get(connection, acme, turn.turn_id) is None
        assert not await turns.finish(connection, acme, turn.turn_id, "done", "nudged", now=now)
        assert not await turns.mark_requeued(connection, acme, turn.turn_id, now)


@pytest.mark.parametrize("status", ["nonsense", ""])
async def test_a_status_that_does_not_exist_is_refused(db, acme, samples, status):
    with pytest.raises(Exception, match="turns_status_check"):
        async with db.transaction(acme) as connection:
            await turns.insert(connection, samples.turn(acme), status, None, [])


async def test_forgotten_turns_of_all_companies_are_found_until_requeued(db, acme, rival, now, samples):
    forgotten = [samples.turn(acme, at=now - 3 * MINUTE), samples.turn(rival, at=now - 2 * MINUTE)]
    others = [(samples.turn(acme, at=now), "queued"), (samples.turn(acme, at=now - 5 * MINUTE), "denied")]
    async with db.transaction(acme, rival) as connection:
        for turn, status in [*((turn, "queued") for turn in forgotten), *others]:
            await turns.insert(connection, turn, status, None, [])
    async with db.system() as connection:
        found = await turns.unfinished(connection, now - MINUTE, 10)
        assert len(await turns.unfinished(connection, now - MINUTE, 1)) == 1
    assert [(row.company_id, row.turn_id) for row in found] == [(turn.company_id, turn.turn_id) for turn in forgotten]
    async with db.transaction(acme) as connection:
        assert await turns.mark_requeued(connection, acme, forgotten[0].turn_id, now)
    async with db.system() as connection:
        found = await turns.unfinished(connection, now - MINUTE, 10)
    assert [row.company_id for row in found] == [rival]
