"""Drafts of recommendations: kept once per turn, paged, and of one company alone."""

from datetime import datetime, timedelta

import pytest

from core.errors import NotFound
from core.ids import new_id
from core.recommendations import DraftVerdict, Recommendation, recommendation_id
from db import recommendations
from db.pool import Database

DRAFTS = [
    Recommendation(title=title, summary="Because.", steps=("Do it.",), rests_on=("goal",), confidence=0.8)
    for title in ("First", "Second")
]
PASSED = DraftVerdict(passes=True, confidence=0.8)
REFUSED = DraftVerdict(passes=False, faults=("invented_number",), confidence=0.4)


async def add(
    db: Database, company: str, at: datetime, *, user: str = "u1", turn: str | None = None
) -> tuple[str, str]:
    conversation, turn = new_id(), turn or new_id()
    async with db.transaction(company) as connection:
        judged = list(zip(DRAFTS, (PASSED, REFUSED), strict=True))
        assert await recommendations.insert(connection, company, conversation, turn, user, judged, at) == 2
        assert await recommendations.insert(connection, company, conversation, turn, user, judged, at) == 0
    return conversation, turn


async def test_drafts_are_kept_with_their_verdicts_once(db: Database, acme: str, now: datetime) -> None:
    conversation, turn = await add(db, acme, now)
    async with db.transaction(acme) as connection:
        page = await recommendations.list_(connection, acme, conversation_id=conversation)
        one = await recommendations.get(connection, acme, recommendation_id(turn, 2))
    assert {row["status"] for row in page.items} == {"draft", "rejected"}
    assert Recommendation.model_validate(one["draft"]) == DRAFTS[1]
    assert DraftVerdict.model_validate(one["verdict"]) == REFUSED
    assert one["status"] == "rejected"


async def test_pages_neither_skip_nor_repeat(db: Database, acme: str, now: datetime) -> None:
    for minutes in range(3):
        await add(db, acme, now + timedelta(minutes=minutes))
    async with db.transaction(acme) as connection:
        first = await recommendations.list_(connection, acme, limit=4)
        second = await recommendations.list_(connection, acme, cursor=first.next_cursor, limit=4)
    ids = [row["recommendation_id"] for row in first.items + second.items]
    assert len(ids) == len(set(ids)) == 6
    assert second.next_cursor is None


async def test_filters(db: Database, acme: str, now: datetime) -> None:
    await add(db, acme, now, user="u1")
    await add(db, acme, now, user="u2")
    async with db.transaction(acme) as connection:
        page = await recommendations.list_(connection, acme, user_id="u2", status="draft")
    assert [(row["user_id"], row["status"]) for row in page.items] == [("u2", "draft")]


async def test_what_the_user_said_is_kept_by_the_number_that_was_shown(db: Database, acme: str, now: datetime) -> None:
    conversation, turn, said_in = new_id(), new_id(), new_id()
    drafts = [DRAFTS[0].model_copy(update={"title": title}) for title in ("Refused", "One", "Two", "Three")]
    place, later = (acme, conversation, turn), now + timedelta(minutes=1)
    async with db.transaction(acme) as connection:
        judged = list(zip(drafts, (REFUSED, PASSED, PASSED, PASSED), strict=True))
        await recommendations.insert(connection, *place, "u1", judged, now)
        for _ in range(2):
            assert await recommendations.decide(connection, *place, (1, 3), "accepted", said_in, later) == 2
        assert await recommendations.decide(connection, *place, (2, 9), "declined", said_in, later) == 1
        assert await recommendations.decide(connection, acme, new_id(), turn, (1,), "declined", said_in, later) == 0
        rows = (await recommendations.list_(connection, acme, conversation_id=conversation)).items
        accepted = await recommendations.list_(connection, acme, decision="accepted")
    assert {row["draft"]["title"]: row["user_decision"] for row in rows} == {
        "Refused": None, "One": "accepted", "Two": "declined", "Three": "accepted",
    }  # fmt: skip
    assert {row["user_decided_at"] for row in accepted.items} == {later}


async def test_another_company_sees_none(db: Database, acme: str, rival: str, now: datetime) -> None:
    _, turn = await add(db, acme, now)
    async with db.transaction(rival) as connection:
        assert (await recommendations.list_(connection, rival)).items == []
        assert (await recommendations.list_(connection, acme)).items == []
        with pytest.raises(NotFound):
            await recommendations.get(connection, rival, recommendation_id(turn, 1))
