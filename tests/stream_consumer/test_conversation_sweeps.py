"""What is done for conversations without being asked, over real stores: once, for whoever it is due."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from core import streams
from core.config import CompanyConfig, ConversationRules, EscalationRules
from core.conversations import HandledBy, IncomingMessage, Role
from core.ids import new_id, nudge_id
from core.nudges import Nudge, NudgeContent, NudgeType, complete_nudge
from core.outbox import Outbox
from core.settings import ChannelSettings
from core.turns import Evidence, Signal, SignalKind, Turn
from db import configs, conversation_intake, conversation_turns, conversations, messages, notifications, tickets
from db.conversation_intake import Accepted
from db.messages import NewMessage
from db.pool import Database
from graph.context import Capped, Saved
from local.installation import Company
from stream_consumer.alerting import OVERDUE
from stream_consumer.batch import UserKey
from stream_consumer.candidates import TALKING, read_standing
from stream_consumer.conversation_sweeps import QUEUED_SECONDS, RUNNING_SECONDS, ConversationSweeps
from stream_consumer.stores import NudgeStore
from tests.db.conftest import begin_turns

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ALERT = {
    "escalation_id": "t", "kind": "conversation", "user_id": "u", "stuck_point": "conversation", "signal": "wish",
    "headline": "A user waits for a person", "why": "They asked.", "suggestion": "Answer.", "confidence_score": 1,
    "created_at": NOW.isoformat(),
}  # fmt: skip


class Site:
    """Conversations of users, and the sweeps at any time."""

    def __init__(self, database: Database, redis: Redis) -> None:
        self.database = database
        self.redis = redis

    def sweeps(self, at: datetime) -> ConversationSweeps:
        settings = ChannelSettings(allow_private_webhooks=True)
        return ConversationSweeps(self.database, self.redis, settings, 1, now=lambda: at)

    async def say(self, company: Company, user: str = "u", at: datetime = NOW, **fields: Any) -> Accepted:
        given = {"client_message_id": new_id(), "conversation_id": None, "text": "Hello?", "trace_id": "t", **fields}
        incoming = IncomingMessage(company_id=company.company_id, user_id=user, **given)
        async with self.database.transaction(company.company_id) as connection:
            return await conversation_intake.accept(connection, incoming, ConversationRules(), at)

    async def get(self, company: Company, conversation_id: str) -> Any:
        async with self.database.transaction(company.company_id) as connection:
            return await conversations.get(connection, company.company_id, conversation_id)

    async def hand(self, company: Company, conversation_id: str, to: HandledBy, at: datetime = NOW) -> None:
        async with self.database.transaction(company.company_id) as connection:
            assert await conversations.set_handled_by(connection, company.company_id, conversation_id, to, at)

    async def ticket(self, company: Company, accepted: Accepted, expected_by: datetime | None) -> str:
        assert accepted.turn
        async with self.database.transaction(company.company_id) as connection:
            opened = await tickets.open_ticket(
                connection,
                company.company_id,
                ticket_id=new_id(),
                turn_id=accepted.turn.turn_id,
                user_id=accepted.turn.user_id,
                conversation_id=accepted.conversation_id,
                reason="wish",
                alert=ALERT,
                expected_by=expected_by,
                trace_id="t",
                now=NOW,
            )
        await self.hand(company, accepted.conversation_id, HandledBy.QUEUE)
        return opened.ticket.ticket_id

    async def standing(self, company: Company, user: str, at: datetime) -> bool:
        async with self.database.transaction(company.company_id) as connection:
            return (await read_standing(connection, UserKey(company.company_id, user), at)).open_conversation

    async def published(self) -> list[str]:
        entries = await self.redis.xrange(streams.CONVERSATIONS)
        return [streams.decode_conversation_turn(fields[b"d"]).turn_id for _, fields in entries]

    async def frames(self, company: Company, user: str = "u") -> list[dict[str, Any]]:
        return [json.loads(frame.data) for frame in await Outbox(self.redis).after(company.company_id, user, 0)]


@pytest.fixture
def site(database: Database, redis: Redis) -> Site:
    return Site(database, redis)


class TestLostTurns:
    async def test_one_that_waits_is_published_once_per_while(self, site: Site, company: Company) -> None:
        accepted = await site.say(company)
        lost = NOW + timedelta(seconds=QUEUED_SECONDS + 1)
        assert await site.sweeps(NOW + timedelta(seconds=QUEUED_SECONDS - 1)).requeue_turns() == 0
        assert await site.sweeps(lost).requeue_turns() == 1
        assert await site.sweeps(lost).requeue_turns() == 0
        assert accepted.turn
        assert await site.published() == [accepted.turn.turn_id]

    async def test_one_that_runs_is_given_more_time_and_one_that_ended_is_left_alone(
        self, site: Site, company: Company, database: Database
    ) -> None:
        accepted = await site.say(company)
        assert accepted.turn
        place = (company.company_id, accepted.turn.turn_id)
        async with database.transaction(company.company_id) as connection:
            await conversation_turns.begin(connection, *place, NOW)
        assert await site.sweeps(NOW + timedelta(seconds=RUNNING_SECONDS - 1)).requeue_turns() == 0
        assert await site.sweeps(NOW + timedelta(seconds=RUNNING_SECONDS + 1)).requeue_turns() == 1
        async with database.transaction(company.company_id) as connection:
            await conversation_turns.finish(connection, *place, "done", "answered", now=NOW)
        assert await site.sweeps(NOW + DAY).requeue_turns() == 0

    async def test_behaviour_turns_are_not_its_business_nor_theirs_its(
        self, site: Site, company: Company, database: Database
    ) -> None:
        from stream_consumer.requeue import Requeue

        await site.say(company)
        assert await Requeue(database, site.redis, 1, now=lambda: NOW + DAY).requeue_turns() == 0


class TestStale:
    async def test_silence_ends_a_conversation_and_the_pages_are_told_once(self, site: Site, company: Company) -> None:
        old, fresh = await site.say(company, at=NOW), await site.say(company, "other", at=NOW + timedelta(hours=1))
        assert await site.sweeps(NOW + DAY - timedelta(seconds=1)).close_stale() == 0
        assert await site.sweeps(NOW + DAY).close_stale() == 1
        assert await site.sweeps(NOW + DAY).close_stale() == 0
        ended = await site.get(company, old.conversation_id)
        assert (ended.state, ended.close_code, ended.closed_at) == ("COMPLETED", "stale", NOW + DAY)
        assert (await site.get(company, fresh.conversation_id)).state == "IN_PROGRESS"
        (frame,) = await site.frames(company)
        assert (frame["type"], frame["conversation_id"], frame["code"]) == ("ended", old.conversation_id, "stale")

    async def test_what_anybody_says_puts_it_off(self, site: Site, company: Company, database: Database) -> None:
        accepted = await site.say(company)
        answer = NewMessage(
            company_id=company.company_id,
            conversation_id=accepted.conversation_id,
            message_id=new_id(),
            role=Role.ASSISTANT,
            text="Yes?",
            trace_id="t",
        )
        async with database.transaction(company.company_id) as connection:
            await messages.insert_answer(connection, answer, NOW + timedelta(hours=1))
        assert await site.sweeps(NOW + DAY).close_stale() == 0
        assert await site.sweeps(NOW + DAY + timedelta(hours=1)).close_stale() == 1

    async def test_one_that_waits_for_a_person_is_kept(self, site: Site, company: Company) -> None:
        waiting, led = await site.say(company), await site.say(company, "other")
        await site.hand(company, waiting.conversation_id, HandledBy.QUEUE)
        await site.hand(company, led.conversation_id, HandledBy.HUMAN)
        assert await site.sweeps(NOW + DAY).close_stale() == 1
        assert (await site.get(company, waiting.conversation_id)).state == "IN_PROGRESS"
        assert (await site.get(company, led.conversation_id)).close_code == "stale"

    @pytest.mark.parametrize("answered", [True, False])
    async def test_a_ticket_ends_with_it_once_a_person_answered(
        self, site: Site, company: Company, answered: bool
    ) -> None:
        accepted = await site.say(company)
        ticket_id = await site.ticket(company, accepted, None)
        await site.hand(company, accepted.conversation_id, HandledBy.HUMAN)
        place = (company.company_id, accepted.conversation_id)
        async with site.database.transaction(company.company_id) as connection:
            if answered:
                await tickets.mark_answered(connection, *place, NOW)
        assert await site.sweeps(NOW + DAY).close_stale() == 1
        async with site.database.transaction(company.company_id) as connection:
            ticket = await tickets.get(connection, company.company_id, ticket_id)
        assert ticket is not None
        assert ticket.status == ("resolved" if answered else "open")


class TestOverdue:
    @pytest.fixture(autouse=True)
    async def _webhook(self, database: Database, company: Company) -> None:
        rules = CompanyConfig(escalation=EscalationRules(webhook_url="https://hooks.example/x"))  # type: ignore[arg-type]
        async with database.transaction(company.company_id) as connection:
            await configs.save(connection, company.company_id, rules, "test", NOW)

    @staticmethod
    async def told(site: Site, company: Company) -> list[dict[str, Any]]:
        async with site.database.transaction(company.company_id) as connection:
            page = await notifications.list_(connection, company.company_id)
        return [row for row in page.items if row["event"] == OVERDUE]

    async def test_people_and_user_are_told_once(self, site: Site, company: Company) -> None:
        accepted = await site.say(company)
        await site.ticket(company, accepted, NOW + timedelta(minutes=30))
        assert await site.sweeps(NOW + timedelta(minutes=29)).report_overdue() == 0
        for _ in range(2):
            await site.sweeps(NOW + timedelta(minutes=30)).report_overdue()
        (notification,) = await self.told(site, company)
        assert notification["payload"]["headline"] == "Nobody has answered yet: A user waits for a person"
        (frame,) = [frame for frame in await site.frames(company) if frame["type"] == "message"]
        assert (frame["role"], frame["conversation_id"]) == ("assistant", accepted.conversation_id)
        assert len(await site.redis.xrange(streams.NOTIFICATIONS)) == 1

    async def test_what_the_user_said_meanwhile_is_taken_up_once(self, site: Site, company: Company) -> None:
        called = await site.say(company)
        await site.ticket(company, called, NOW)
        async with site.database.transaction(company.company_id) as connection:
            assert called.turn
            await conversation_turns.begin(connection, company.company_id, called.turn.turn_id, NOW)
            await conversation_turns.finish(connection, company.company_id, called.turn.turn_id, "done", "x", now=NOW)
        for _ in range(2):  # a crash after the first, before it was noted
            await site.sweeps(NOW).report_overdue()
            async with site.database.transaction(company.company_id) as connection:
                await connection.execute("UPDATE escalations SET overdue_at = NULL")
        (turn_id,) = await site.published()
        async with site.database.transaction(company.company_id) as connection:
            begun = await conversation_turns.begin(connection, company.company_id, turn_id, NOW)
        assert begun is not None
        assert [message.message_id for message in begun.asked] == [called.message.message_id]

    async def test_a_crash_before_it_is_noted_repeats_nothing(self, site: Site, company: Company) -> None:
        ticket_id = await site.ticket(company, await site.say(company), NOW)
        await site.sweeps(NOW).report_overdue()
        async with site.database.transaction(company.company_id) as connection:
            await connection.execute("UPDATE escalations SET overdue_at = NULL")
        await site.sweeps(NOW).report_overdue()
        async with site.database.transaction(company.company_id) as connection:
            ticket = await tickets.get(connection, company.company_id, ticket_id)
        assert ticket is not None
        assert ticket.overdue_at == NOW
        assert len(await self.told(site, company)) == 1
        assert len([frame for frame in await site.frames(company) if frame["type"] == "message"]) == 1

    @pytest.mark.parametrize("how", ["answered", "resolved", "no promise"])
    async def test_one_that_nobody_waits_for_is_left_alone(self, site: Site, company: Company, how: str) -> None:
        accepted = await site.say(company)
        await site.ticket(company, accepted, None if how == "no promise" else NOW)
        place = (company.company_id, accepted.conversation_id)
        async with site.database.transaction(company.company_id) as connection:
            if how == "answered":
                assert await tickets.mark_answered(connection, *place, NOW)
            elif how == "resolved":
                assert await tickets.resolve(connection, *place, NOW)
        assert await site.sweeps(NOW + DAY).report_overdue() == 0
        assert await self.told(site, company) == []

    async def test_where_a_person_took_over_without_a_word_the_user_is_not_told(
        self, site: Site, company: Company
    ) -> None:
        accepted = await site.say(company)
        await site.ticket(company, accepted, NOW)
        await site.hand(company, accepted.conversation_id, HandledBy.HUMAN)
        assert await site.sweeps(NOW).report_overdue() == 1
        assert len(await self.told(site, company)) == 1
        assert await site.frames(company) == []

    async def test_the_apology_is_in_the_conversations_language(self, site: Site, company: Company) -> None:
        accepted = await site.say(company)
        await site.ticket(company, accepted, NOW)
        async with site.database.transaction(company.company_id) as connection:
            await conversations.set_language(connection, company.company_id, accepted.conversation_id, "ar")
        await site.sweeps(NOW).report_overdue()
        (frame,) = await site.frames(company)
        assert frame["language"] == "ar"
        assert any("\u0600" <= letter <= "\u06ff" for letter in frame["text"])


def thought_of(company: Company, user: str) -> tuple[Nudge, Turn]:
    """A nudge that is about to be saved, and its turn."""
    evidence = Evidence(event_id="e", event_type="help_click", at=NOW)
    signal = Signal(kind=SignalKind.EXPLICIT_STUCK, stuck_point="crm", evidence=(evidence,), detected_at=NOW)
    turn = Turn(
        turn_id=new_id(),
        company_id=company.company_id,
        user_id=user,
        session_id="s",
        signal=signal,
        created_at=NOW,
        trace_id="t",
    )
    content = NudgeContent(nudge_type=NudgeType.TOOLTIP, title="Connect", body="Press the button.")
    return complete_nudge(content, nudge_id(turn.turn_id), "crm", NOW + DAY), turn


class TestRestraint:
    async def test_a_nudge_thought_of_before_they_talked_is_not_saved(self, site: Site, company: Company) -> None:
        nudge, turn = thought_of(company, "u")
        await site.say(company, at=NOW)
        await begin_turns(site.database, company.company_id, turn.turn_id)
        assert await NudgeStore(site.database).save(nudge, turn, NOW) == Capped("open_conversation")
        other, turn = thought_of(company, "silent")
        await begin_turns(site.database, company.company_id, turn.turn_id)
        assert await NudgeStore(site.database).save(other, turn, NOW) == Saved()

    async def test_who_talked_lately_is_in_conversation(self, site: Site, company: Company) -> None:
        await site.say(company)
        assert await site.standing(company, "u", NOW + TALKING - timedelta(seconds=1))
        assert not await site.standing(company, "u", NOW + TALKING)
        assert not await site.standing(company, "nobody", NOW)

    @pytest.mark.parametrize("by", [HandledBy.QUEUE, HandledBy.HUMAN])
    async def test_who_waits_for_a_person_stays_so(self, site: Site, company: Company, by: HandledBy) -> None:
        accepted = await site.say(company)
        await site.hand(company, accepted.conversation_id, by)
        assert await site.standing(company, "u", NOW + DAY)

    async def test_a_conversation_that_ended_holds_nothing_up(self, site: Site, company: Company) -> None:
        accepted = await site.say(company)
        async with site.database.transaction(company.company_id) as connection:
            place = (company.company_id, accepted.conversation_id)
            assert await conversations.close(connection, *place, "completed", NOW)
        assert not await site.standing(company, "u", NOW)
