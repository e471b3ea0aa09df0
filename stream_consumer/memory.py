"""What is kept of a conversation turn: facts with its answer, as far as the user agrees, and a summary after it.

The summary is made when the user has their answer already. It is never awaited by anybody: where it fails, the next
turn finds the messages still to be summarised, and reads them by the rule until then (`stream_consumer.talks`).
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from core.budgets import Allowance, conversation_allowance
from core.config import CompanyConfig
from core.conversations import ConversationTurn, Message, Role, notice_id
from core.errors import BudgetExhausted, ProviderFailed, Unavailable
from core.pseudonyms import Pseudonyms
from core.settings import ConversationSettings
from core.turns import TurnGone
from db import conversations, memory, messages, playbooks, profile_facts
from db.conversations import Conversation
from db.messages import NewMessage
from db.pool import Connection, Database
from graph.journal import Calls, Journal
from graph.memory.agreement import ASK
from graph.memory.consent import Plan, decide
from graph.memory.summary import Unsummarised
from graph.memory.window import Window, window
from graph.onboarding.answers import SKIPPED
from graph.phrases import phrase
from graph.reasoner import Reasoner
from graph.talk import Answer, Talk
from stream_consumer.companies import Companies
from stream_consumer.stores import available
from stream_consumer.talks import READ_MESSAGES, said

SUMMARY_SECONDS: Final = 60.0

log = logging.getLogger(__name__)


async def keep(connection: Connection, talk: Talk, answer: Answer, now: datetime) -> Message | None:
    """Carry out what an answer's effects mean for memory; returns the question whether facts may be kept, if it is due.

    The conversation itself notes what was said in it; the profile takes only what the user agreed to.
    """
    turn = talk.turn
    noted = {effect.values["name"]: effect.values["value"] for effect in answer.effects if effect.kind == "remember"}
    await memory.note_answers(connection, turn.company_id, turn.conversation_id, noted)
    consent = await profile_facts.consent(connection, turn.company_id, turn.user_id)
    plan = decide(answer.effects, remembers=consent.remembers, may_be_asked=consent.may_be_asked)
    await _carry_out(connection, turn, plan, now)
    if plan.ask and await profile_facts.mark_asked(connection, turn.company_id, turn.user_id, now):
        return (await messages.insert(connection, _question(talk), now)).message
    return None


async def question_of(connection: Connection, turn: ConversationTurn) -> Message | None:
    """Return the question that `keep` asked in an earlier run of this turn, to be published again."""
    return await messages.get(connection, turn.company_id, notice_id(turn.turn_id, ASK))


class Summaries:
    """Keeps the summaries of conversations up to date, after their turns."""

    def __init__(
        self,
        db: Database,
        reasoner: Reasoner,
        journal_of: Callable[[str], Journal],
        companies: Companies,
        settings: ConversationSettings,
        *,
        seconds: float = SUMMARY_SECONDS,
    ) -> None:
        self._db = db
        self._reasoner = reasoner
        self._journal_of = journal_of
        self._companies = companies
        self._settings = settings
        self._seconds = seconds

    async def refresh(self, turn: ConversationTurn) -> bool:
        """Summarise anew what has grown too old, if it is worth it; returns whether a summary was stored.

        Never raises: the turn has its answer, and no summary is worth running it again.
        """
        try:
            async with available(), asyncio.timeout(self._seconds):
                return await self._refresh(turn)
        except (Unavailable, TimeoutError, TurnGone) as error:
            log.warning("summary was not made", extra={"error": type(error).__name__})
        except Exception:
            log.exception("summary was not made")
        return False

    async def _refresh(self, turn: ConversationTurn) -> bool:
        config = (await self._companies.get([turn.company_id]))[turn.company_id].config
        pseudonyms = Pseudonyms(config.conversations.pii_patterns)
        async with self._db.transaction(turn.company_id) as connection:
            conversation = await conversations.get(connection, turn.company_id, turn.conversation_id)
            if conversation is None:
                return False
            seen = await _window(connection, conversation, pseudonyms)
            if not seen.is_due:
                return False
            allowance = await self._allowance(connection, config, conversation)
        older = Unsummarised(seen.to_summarise, seen.summary, conversation.language or config.tone.language)
        summary = pseudonyms.unmask(await self._summarise(turn, older, config, allowance))
        async with self._db.transaction(turn.company_id) as connection:
            place = (turn.company_id, turn.conversation_id)
            return await conversations.set_summary(connection, *place, summary, seen.until)

    async def _summarise(
        self, turn: ConversationTurn, older: Unsummarised, config: CompanyConfig, allowance: Allowance
    ) -> str:
        calls = Calls(
            self._journal_of(turn.company_id),
            turn.turn_id,
            allowance,
            user_id=turn.user_id,
            conversation_id=turn.conversation_id,
        )
        if config.reasoner == "rules":
            return older.by_rule()
        try:
            return (await self._reasoner.summarise(older, calls)).value
        except (ProviderFailed, BudgetExhausted) as error:
            log.info("summary was made by rule", extra={"code": error.code})
            return older.by_rule()

    async def _allowance(self, connection: Connection, config: CompanyConfig, conversation: Conversation) -> Allowance:
        chosen = await playbooks.load_begun(connection, conversation.company_id, conversation.playbook)
        return conversation_allowance(config, chosen.playbook.limits, self._settings)


async def _window(connection: Connection, conversation: Conversation, pseudonyms: Pseudonyms) -> Window:
    """Return the window on a conversation as it stands, masked."""
    place, until = (conversation.company_id, conversation.conversation_id), conversation.summary_until
    stored = await messages.after(connection, *place, until, limit=READ_MESSAGES)
    return window(said(stored, pseudonyms), pseudonyms.mask(conversation.summary), until)


async def _carry_out(connection: Connection, turn: ConversationTurn, plan: Plan, now: datetime) -> None:
    whom = (turn.company_id, turn.user_id)
    if plan.consent is not None:
        await profile_facts.set_consent(connection, *whom, now, remembers=plan.consent)
    if plan.forget:
        await memory.forget_answers(connection, *whom)
    earlier = await _said_before(connection, turn) if plan.consent else {}
    for name, value in (earlier | dict(plan.keep)).items():
        await profile_facts.set_(connection, *whom, name, value, now)


async def _said_before(connection: Connection, turn: ConversationTurn) -> dict[str, str]:
    """Return what the user answered in this conversation before they agreed that it is kept."""
    found = await memory.answers(connection, turn.company_id, turn.conversation_id)
    return {name: value for name, value in found.items() if value != SKIPPED}


def _question(talk: Talk) -> NewMessage:
    turn, language = talk.turn, talk.answer_language
    return NewMessage(
        company_id=turn.company_id,
        conversation_id=turn.conversation_id,
        message_id=notice_id(turn.turn_id, ASK),
        role=Role.ASSISTANT,
        text=phrase(ASK, language),
        trace_id=turn.trace_id,
        language=language,
        turn_id=turn.turn_id,
    )
