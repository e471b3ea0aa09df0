"""Turns of conversations: a person waits, so they have slots of their own, and nothing of them ends in silence.

A turn is begun once the user has stopped typing for a moment; what they write after that makes the next one, which
waits for this one. A turn that is delivered twice finds its row ended; one whose process was killed runs again, finds
what was paid for in the journal, and stores the one answer that the turn has.
"""

import logging
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from redis.asyncio import Redis

from core import logs, streams
from core.budgets import conversation_allowance
from core.config import ConversationRules
from core.conversation_line import ConversationLine
from core.conversations import ConversationTurn
from core.flags import Flags
from core.pseudonyms import Pseudonyms
from core.settings import ConversationSettings
from core.turns import ReceiptStep, TurnGone, TurnStatus
from core.voices import Voices
from db import conversation_backlog, conversation_turns, conversations, playbooks, tickets
from db.conversation_turns import Begun, Waiting
from db.conversation_voices import voices_in
from db.conversations import CloseCode, Conversation
from db.pool import Connection, Database
from graph.build import TurnGraph
from graph.context import Knowledge, TurnContext
from graph.facts import UserFacts
from graph.guardrails import Moderator
from graph.reasoner import Reasoner
from graph.runner import run_turn
from graph.state import TurnResult
from graph.talk import Talk
from graph.talk_context import Conversations, Delivery, TalkContext, Tools
from stream_consumer.companies import Companies
from stream_consumer.endings import end_in_words, unless_gone
from stream_consumer.entries import DONE, Entry, Failed, Outcome, Postponed
from stream_consumer.locks import Locks
from stream_consumer.memory import Summaries
from stream_consumer.metrics import ConsumerMetrics
from stream_consumer.silences import silence
from stream_consumer.talks import read_talk
from stream_consumer.translations import TranslationStore
from stream_consumer.turns import LOCKED_SECONDS, Stores

log = logging.getLogger(__name__)

PATIENCE: Final = timedelta(seconds=3)
"""After this a turn is begun although the user goes on typing."""
ENDED_SECONDS: Final = 60
"""How long the sign stands that a turn has ended, for whoever waits for it."""


@dataclass(frozen=True, slots=True)
class ConversationStores:
    """What only conversation turns use: where answers go, how pages hear of them, which tools there are, summaries."""

    line: ConversationLine
    conversations: Conversations
    delivery: Delivery
    tools_of: Callable[[Talk, Pseudonyms, Knowledge | None], Awaitable[Tools]]
    summaries: Summaries
    moderator: Moderator | None = None


class ConversationsHandler:
    """Handles entries of `conversation_turns_stream`, each on its own."""

    def __init__(
        self,
        db: Database,
        redis: Redis,
        graph: TurnGraph,
        reasoner: Reasoner,
        stores: Stores,
        conversation_stores: ConversationStores,
        companies: Companies,
        locks: Locks,
        metrics: ConsumerMetrics,
        settings: ConversationSettings,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._db = db
        self._redis = redis
        self._graph = graph
        self._reasoner = reasoner
        self._stores = stores
        self._talking = conversation_stores
        self._companies = companies
        self._locks = locks
        self._metrics = metrics
        self._settings = settings
        self._flags = Flags(conversations=settings.enable_conversational_onboarding)
        self._now = now

    async def handle(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        """Run the turn of each entry."""
        return [await self._handle_one(entry) for entry in entries]

    async def abandon(self, entry: Entry, reason: str) -> None:
        """End the turn of an entry that is given up on and the conversation with it, in words that the user gets."""
        try:
            turn = streams.decode_conversation_turn(entry.payload)
        except ValueError:
            return
        async with unless_gone(self._db, turn):
            await self._give_up(turn, reason)
        await self._tell_ended(turn, "failed")

    async def _give_up(self, turn: ConversationTurn, reason: str) -> None:
        last = ReceiptStep(step="run", outcome="failed", reason=reason, at=self._now())
        await self._end(turn, "error", "error")
        async with self._db.transaction(turn.company_id) as connection:
            await conversation_turns.finish(
                connection,
                turn.company_id,
                turn.turn_id,
                "failed",
                "failed",
                receipt_steps=[last],
                error=reason,
                now=self._now(),
            )

    async def _end(self, turn: ConversationTurn, words: str, code: CloseCode) -> bool:
        """End the conversation of a turn in fixed words that the user gets; False where it ended otherwise before."""
        async with self._db.transaction(turn.company_id) as connection:
            told = await end_in_words(connection, turn, words, code, self._now())
        if told is not None:
            await self._talking.line.tell_message(turn.company_id, turn.user_id, told)
            await self._talking.line.tell_ended(turn.company_id, turn.user_id, turn.conversation_id, code)
        return told is not None

    async def _handle_one(self, entry: Entry) -> Outcome:
        try:
            turn = streams.decode_conversation_turn(entry.payload)
        except ValueError as error:
            return Failed(error)
        names = {"company_id": turn.company_id, "turn_id": turn.turn_id, "conversation_id": turn.conversation_id}
        with logs.bind(trace_id=turn.trace_id, **names):
            if seconds := await self._still_typing(turn):
                return Postponed(seconds)
            async with self._locks.hold(streams.conversation_lock_key(turn.company_id, turn.user_id)) as held:
                if not held:
                    return Postponed(LOCKED_SECONDS * (1 + random.random()))  # noqa: S311 - spreads tries
                await self._run(turn)
            await self._talking.summaries.refresh(turn)
        return DONE

    async def _still_typing(self, turn: ConversationTurn) -> float:
        """Return for how many seconds the turn should wait for more of the user; 0: it may begin."""
        async with self._db.transaction(turn.company_id) as connection:
            waiting = await conversation_turns.waiting(connection, turn.company_id, turn.turn_id)
            if waiting is None or waiting.status is not TurnStatus.QUEUED or waiting.last_message_at is None:
                return 0.0
            conversation = await conversations.get(connection, turn.company_id, turn.conversation_id)
            if conversation is None:
                return 0.0
            chosen = await playbooks.load_begun(connection, turn.company_id, conversation.playbook)
        return debounce(waiting, chosen.playbook.limits.debounce_ms, self._now())

    async def _run(self, turn: ConversationTurn) -> None:
        async with unless_gone(self._db, turn):
            await self._answer(turn)
        await self._tell_ended(turn, "done")

    async def _answer(self, turn: ConversationTurn) -> None:
        rules, is_on = await self._rules(turn)
        async with self._db.transaction(turn.company_id) as connection:
            begun = await conversation_turns.begin(connection, turn.company_id, turn.turn_id, self._now())
            if begun is None:
                raise TurnGone
            allowed = await voices_in(connection, begun.conversation, is_on=is_on)
        if begun.status is not TurnStatus.RUNNING:
            log.info("turn ended before", extra={"status": begun.status})
        elif (silent := silence(begun, allowed, rules)) is not None:
            if silent == "conversations_unavailable" and not await self._end(begun.turn, "switched_off", "cancelled"):
                silent = "conversation_ended"
            await self._finish(begun.turn, TurnResult(outcome=silent))
        else:
            result = await run_turn(self._graph, begun.turn, await self._context_of(begun))
            await self._finish(begun.turn, result)

    async def _rules(self, turn: ConversationTurn) -> tuple[ConversationRules, bool]:
        """Return the rules of a turn's company, and whether the agent may hold conversations with its user."""
        rules = (await self._companies.get([turn.company_id]))[turn.company_id].config.conversations
        return rules, self._flags.may_converse(turn.company_id, turn.user_id, rules)

    async def _finish(self, turn: ConversationTurn, result: TurnResult) -> None:
        """End a turn; one that left everything to a person who is gone by now has the agent take it up."""
        status, taken_up = TurnStatus.FAILED if result.failed else TurnStatus.DONE, None
        _, is_on = await self._rules(turn)
        async with self._db.transaction(turn.company_id) as connection:
            present = await conversation_turns.lock(connection, turn)
            await conversation_turns.finish(
                connection,
                turn.company_id,
                turn.turn_id,
                "failed" if result.failed else "done",
                result.outcome,
                diagnosis=result.understood,
                reasoner=result.reasoner,
                prompts=result.prompts,
                receipt_steps=result.receipt,
                error=result.error,
                now=self._now(),
            )
            if result.outcome == "left_to_person" and await self._is_left(connection, present, is_on=is_on):
                taken_up = await conversation_backlog.take_up(connection, present, turn.trace_id, self._now())
        if taken_up is not None:
            await self._talking.line.queue(taken_up)
        self._metrics.turns.labels(result.outcome).inc()
        for rule in withheld(result):
            self._metrics.withheld.labels(rule).inc()
        log.info("turn ended", extra={"outcome": result.outcome, "status": status, "error": result.error})

    async def _is_left(self, connection: Connection, present: Conversation, *, is_on: bool) -> bool:
        """Tell whether the agent answers by now what was left to a person, and is not switched off meanwhile."""
        if not await tickets.agent_answers(connection, present, self._now()):
            return False
        return await voices_in(connection, present, is_on=is_on) is not Voices.PEOPLE

    async def _tell_ended(self, turn: ConversationTurn, status: str) -> None:
        """Wake whoever waits for the turn; they read its row."""
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.lpush(streams.turn_ended_key(turn.turn_id), status)
        pipeline.expire(streams.turn_ended_key(turn.turn_id), ENDED_SECONDS)
        await pipeline.execute()

    async def _context_of(self, begun: Begun) -> TurnContext:
        turn = begun.turn
        company = (await self._companies.get([turn.company_id]))[turn.company_id]
        pseudonyms = Pseudonyms(company.config.conversations.pii_patterns)
        async with self._db.transaction(turn.company_id) as connection:
            read = await read_talk(connection, begun, company, pseudonyms, self._now())
        if read.playbook_fault:
            self._metrics.playbook_fallbacks.inc()
        talk = read.talk
        return TurnContext(
            config=company.config,
            baseline=None,
            user=UserFacts(turn.user_id, talk.language, talk.is_anonymous),
            recent_events=(),
            past_nudges=(),
            in_holdout=False,
            reasoner=self._reasoner,
            journal=self._stores.journal(turn.company_id),
            nudges=self._stores.nudges,
            escalations=self._stores.escalations,
            delivery=self._stores.delivery,
            now=self._now,
            knowledge=self._stores.knowledge,
            talk=TalkContext(
                talk=talk,
                pseudonyms=pseudonyms,
                conversations=self._talking.conversations,
                delivery=self._talking.delivery,
                tools=await self._talking.tools_of(talk, pseudonyms, self._stores.knowledge),
                moderator=self._talking.moderator,
                allowance=conversation_allowance(company.config, talk.playbook.limits, self._settings),
                translations=TranslationStore(self._db, turn.company_id),
            ),
        )


def debounce(waiting: Waiting, debounce_ms: int, now: datetime) -> float:
    """Return for how many seconds a turn should wait for more of what the user is typing. Pure."""
    if waiting.first_message_at is None or waiting.last_message_at is None:
        return 0.0
    begins = waiting.last_message_at + timedelta(milliseconds=debounce_ms)
    latest = waiting.first_message_at + PATIENCE
    return max(0.0, (min(begins, latest) - now).total_seconds())


def withheld(result: TurnResult) -> Iterator[str]:
    """Yield the rule by which each sentence of an answer was withheld. Pure."""
    return (rule for step in result.receipt if step.step == "coach" for rule in step.facts.get("withheld", ()))
