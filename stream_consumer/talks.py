"""Reads what a conversation turn must know: what was said, the user, what they just did, the playbook; as a `Talk`.

Every text is masked with one set of placeholders, so that the same address has the same name in all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from core.conversations import DECLINES_PERSON, ConversationState, HandledBy, Message
from core.ids import ANONYMOUS_PREFIX
from core.office_hours import expected_by, is_open
from core.playbooks import Versioned
from core.pseudonyms import Pseudonyms
from db import events, messages, nudges, playbooks, profile_facts, tickets, users
from db.conversation_turns import Begun
from db.pool import Connection
from db.profile_facts import StoredFact
from graph.memory.summary import Unsummarised
from graph.memory.trace import NUDGES_FOR, trace_lines
from graph.memory.window import Window, window
from graph.onboarding.answers import QUESTIONS
from graph.talk import Fact, Said, Talk
from stream_consumer.companies import Company
from stream_consumer.turns import tried

READ_MESSAGES: Final = 200
"""Messages since the summary that are read at most; a summary is made long before there are so many."""
RECENT_EVENTS: Final = 50


@dataclass(frozen=True, slots=True)
class ReadTalk:
    """A talk, and the window on its messages: whether its oldest are due to be summarised.

    `playbook_fault` says why the company's own playbook was not used, if it could not be read.
    """

    talk: Talk
    window: Window
    playbook_fault: str | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of a conversation and its user. `called_for` is why a person was called, while nobody has come."""

    earlier: list[Message]
    chosen: Versioned
    facts: list[StoredFact]
    trace: tuple[str, ...]
    handled_by: HandledBy
    called_for: str | None


async def read_talk(
    connection: Connection, begun: Begun, company: Company, pseudonyms: Pseudonyms, now: datetime
) -> ReadTalk:
    """Return the talk of a turn that has begun."""
    conversation = begun.conversation
    place = (conversation.company_id, conversation.conversation_id)
    user = (conversation.company_id, conversation.user_id)
    ticket = await tickets.awaited(connection, conversation)
    before = min((message.position for message in begun.asked), default=conversation.last_position + 1)
    read = _Read(
        [
            message
            for message in await messages.after(connection, *place, conversation.summary_until, limit=READ_MESSAGES)
            if message.position < before
        ],
        await playbooks.load_begun(connection, conversation.company_id, conversation.playbook),
        await profile_facts.list_(connection, *user),
        await _trace(connection, *user, now),
        HandledBy.AGENT if tickets.is_agents(conversation, ticket, now) else conversation.handled_by,
        ticket.reason if ticket else None,
    )
    return _talk(begun, company, read, pseudonyms, now)


async def _trace(connection: Connection, company_id: str, user_id: str, now: datetime) -> tuple[str, ...]:
    """Return what the user just did and which nudges they got; nothing of one who does not wish to be watched."""
    user = (company_id, user_id)
    if not (await users.standing(connection, *user)).consent:
        return ()
    recent = await events.recent_for_users(connection, [user], RECENT_EVENTS)
    history = await nudges.history(connection, *user, now - NUDGES_FOR)
    return trace_lines(recent.get(user, []), tried(history, "", 0), now)


def _talk(begun: Begun, company: Company, read: _Read, pseudonyms: Pseudonyms, now: datetime) -> ReadTalk:
    conversation, turn, rules = begun.conversation, begun.turn, company.config.conversations.handoff
    seen = window(said(read.earlier, pseudonyms), pseudonyms.mask(conversation.summary), conversation.summary_until)
    language = conversation.language or company.config.tone.language
    older = Unsummarised(seen.to_summarise, seen.summary, language)
    talk = Talk(
        turn=turn,
        config=company.config,
        playbook=read.chosen.playbook,
        playbook_version=read.chosen.version,
        state=_settled(conversation.state),
        handled_by=read.handled_by,
        stage=read.chosen.playbook.known_stage(conversation.stage),
        language=conversation.language,
        channel=conversation.channel,
        customer_name=pseudonyms.mask(conversation.customer_name) if conversation.customer_name else None,
        is_anonymous=turn.user_id.startswith(ANONYMOUS_PREFIX),
        context=pseudonyms.mask_values(_context(conversation.context, conversation.questions)),
        messages=seen.raw,
        asked=said(begun.asked, pseudonyms),
        summary=older.by_rule() if older.messages else seen.summary,
        facts=tuple(Fact(fact.name, pseudonyms.mask(fact.value)) for fact in read.facts),
        trace=read.trace,
        unanswered=conversation.unanswered,
        request=begun.request,
        called_for=read.called_for,
        declined_person=conversation.context.get(DECLINES_PERSON) is True,
        person_available=is_open(rules, now),
        expected_by=expected_by(rules, now),
        now=now,
    )
    return ReadTalk(talk, seen, read.chosen.fault)


def _settled(state: ConversationState) -> ConversationState:
    """Return the state for a turn that begins: one that was left in the midst of recommending begins that anew."""
    is_left = state is ConversationState.GENERATING_RECOMMENDATIONS
    return ConversationState.IN_PROGRESS if is_left else state


def said(stored: Sequence[Message], pseudonyms: Pseudonyms) -> tuple[Said, ...]:
    """Return messages as a reasoner gets to read them."""
    return tuple(
        Said(message.role, pseudonyms.mask(message.text), message.position, message.created_at) for message in stored
    )


def _context(given: Mapping[str, Any], questions: Sequence[str]) -> dict[str, Any]:
    told = {name: value for name, value in given.items() if name != DECLINES_PERSON}
    return {**told, QUESTIONS: list(questions)} if questions else told
